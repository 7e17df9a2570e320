import type { ManualClock, SeriesKey } from '@barkeep/core';
import type {
  ISmartRouter,
  LiveCandle,
  MarketEvent,
  RouterConnection,
  RouterEvent,
} from '@barkeep/source';
import type { RouterExchange } from './router-harness.ts';
import type { RouterSubject } from './router-subject.ts';
import { KEY } from './sample-router-events.ts';

/** A router, its exchange, and everything it has told since it was made. */
export class RouterSession {
  readonly router: ISmartRouter;
  readonly exchange: RouterExchange;
  readonly maxTrades: number;
  readonly events: RouterEvent[] = [];
  readonly #subject: RouterSubject;
  readonly #clock: ManualClock;

  constructor(subject: RouterSubject, clock: ManualClock) {
    this.router = subject.router;
    this.exchange = subject.exchange;
    this.maxTrades = subject.maxTrades;
    this.#subject = subject;
    this.#clock = clock;
    this.router.subscribe((event) => this.events.push(event));
  }

  get now(): number {
    return this.#clock.now();
  }

  /** The kinds of connection it has told, in order, repetitions left out. */
  get connections(): RouterConnection[] {
    return this.events
      .flatMap((event) => (event.type === 'connection' ? [event.connection] : []))
      .filter(({ status }, i, all) => all[i - 1]?.status !== status);
  }

  pass(ms: number): void {
    this.#clock.advance(ms);
  }

  /** Ten seconds into a minute, connected, following series without trades so far. */
  async begin(keys: readonly SeriesKey[] = [KEY]): Promise<this> {
    this.pass(10_000);
    await this.exchange.connect([]);
    for (const key of keys) await this.exchange.watch(key, undefined);
    return this;
  }

  async send(...events: readonly MarketEvent[]): Promise<void> {
    await this.exchange.send(events);
  }

  /** The connection goes silent, and that is noticed later. */
  async lose(noticedAfterMs = 20_000): Promise<void> {
    await this.exchange.cut();
    this.pass(noticedAfterMs);
    await this.exchange.notice();
  }

  async reconnect(current: readonly LiveCandle[] = []): Promise<void> {
    await this.exchange.connect(current);
  }

  async close(): Promise<void> {
    await this.#subject.close();
  }
}
