import { type ManualClock, type SeriesKey, seriesKeyText } from '@barkeep/core';
import type { LiveCandle } from '@barkeep/source';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { BelievingListener } from './believing-listener.ts';
import { MarketTruth } from './market-truth.ts';
import type { RouterSubject } from './router-subject.ts';
import { candleEvent, KEY } from './sample-router-events.ts';

/** One series quick, one slow, and one of another symbol. */
export const MODEL_KEYS: readonly SeriesKey[] = [
  KEY,
  { ...KEY, timeframe: '5m' },
  { symbol: '__proto__', timeframe: '1m' },
];

/** How a message of the exchange travels. */
export type Travel = 'at-once' | 'late' | 'twice';

/** A market, the connection to it, and a listener that takes the router at its word. */
export class RouterModelRun {
  readonly #subject: RouterSubject;
  readonly #clock: ManualClock;
  readonly #truth = new MarketTruth();
  readonly #listener = new BelievingListener();
  readonly #watched = new Map<string, SeriesKey>();
  readonly #underWay: LiveCandle[] = [];
  readonly #made: LiveCandle[] = [];
  readonly #sent: LiveCandle[] = [];
  /** Those of the present connection: memory begins empty with each. */
  #sentSinceConnect: LiveCandle[] = [];
  #connection: 'up' | 'silent' | 'down' = 'down';

  constructor(subject: RouterSubject, clock: ManualClock) {
    this.#subject = subject;
    this.#clock = clock;
    subject.router.subscribe((event) => this.#listener.hear(event));
  }

  pass(ms: number): void {
    this.#clock.advance(ms);
  }

  async watch(key: SeriesKey): Promise<void> {
    // A connection that is dead takes no orders, and the router does not know that it is dead.
    if (this.#connection === 'silent') return;
    this.#watched.set(seriesKeyText(key), key);
    await this.#subject.exchange.watch(key, this.#truth.current(key, this.#clock.now()));
  }

  async trade(key: SeriesKey, price: number, travel: Travel): Promise<void> {
    const live = this.#truth.trade(key, price, this.#clock.now());
    this.#made.push(live);
    if (this.#connection !== 'up' || !this.#watched.has(seriesKeyText(key))) return;
    if (travel !== 'at-once') this.#underWay.push(live);
    if (travel !== 'late') await this.#send([live]);
  }

  /** What is under way arrives, in another order. */
  async arrive(shuffle: number): Promise<void> {
    if (this.#connection !== 'up') return;
    const rest = this.#underWay.splice(0);
    const order: LiveCandle[] = [];
    while (rest.length > 0) order.push(...rest.splice(shuffle % rest.length, 1));
    await this.#send(order);
  }

  /** A message that came before comes again. */
  async repeat(choice: number): Promise<void> {
    const live = this.#sent[choice % Math.max(1, this.#sent.length)];
    if (this.#connection === 'up' && live !== undefined) await this.#send([live]);
  }

  async cut(): Promise<void> {
    if (this.#connection !== 'up') return;
    // A sign of life says that what was sent before it has come, so nothing may still be under way.
    await this.arrive(1);
    this.#connection = 'silent';
    await this.#subject.exchange.cut();
  }

  async notice(): Promise<void> {
    if (this.#connection !== 'silent') return;
    await this.#subject.exchange.notice();
    this.#connection = 'down';
    assertEqual(this.#subject.router.streams, [], 'the streams of a lost connection');
  }

  async connect(): Promise<void> {
    if (this.#connection !== 'down') return;
    const now = this.#clock.now();
    const current = [...this.#watched.values()].flatMap(
      (key) => this.#truth.current(key, now) ?? [],
    );
    this.#connection = 'up';
    this.#sentSinceConnect = [];
    await this.#subject.exchange.connect(current);
  }

  /** Everything arrives, and what the listener believes is held against what happened. */
  async compare(): Promise<void> {
    await this.arrive(0);
    // While the connection is silent, the router claims what it takes back when it notices.
    await this.notice();
    for (const key of MODEL_KEYS) this.#compareSeries(key);
    this.#compareMemory();
    if (this.#connection !== 'up') return;
    const promised = this.#subject.router.streams.map(({ key }) => seriesKeyText(key)).sort();
    assertEqual(promised, [...this.#watched.keys()].sort(), 'the series that are promised');
  }

  #compareSeries(key: SeriesKey): void {
    for (const stretch of this.#listener.covered(key, this.#clock.now())) {
      const what = `${seriesKeyText(key)} from ${stretch.from} to ${stretch.to}, all of it promised`;
      assertEqual(this.#listener.candles(key, stretch), this.#truth.candles(key, stretch), what);
    }
  }

  /** What is in memory is a state that the exchange made, and none that came is newer. */
  #compareMemory(): void {
    for (const live of MODEL_KEYS.flatMap((key) => this.#subject.router.getCandles(key))) {
      const ofCandle = (one: LiveCandle): boolean =>
        seriesKeyText(one.key) === seriesKeyText(live.key) &&
        one.candle.timestamp === live.candle.timestamp;
      const made = this.#made.find((one) => ofCandle(one) && one.asOf === live.asOf);
      assertEqual(live, made, 'a candle in memory');
      const newest = Math.max(
        0,
        ...this.#sentSinceConnect.filter(ofCandle).map(({ asOf }) => asOf),
      );
      assertTrue(live.asOf >= newest, 'no newer state of it has come over the connection');
    }
  }

  async #send(lives: readonly LiveCandle[]): Promise<void> {
    if (lives.length === 0) return;
    this.#sent.push(...lives);
    this.#sentSinceConnect.push(...lives);
    await this.#subject.exchange.send(lives.map(candleEvent));
  }
}
