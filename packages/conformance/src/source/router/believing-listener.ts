import { type Clock, type EpochMs, seriesKeyText, timeframeGrid } from '@barkeep/core';
import {
  type CandleStream,
  type ISmartRouter,
  type RouterConnection,
  type RouterEvent,
  validateRouterEvent,
} from '@barkeep/source';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { LatestValues, type Value, valuesOf } from './latest-values.ts';

/** What a listener knows that takes a router at its word, and whether the router's words agree. */
export class BelievingListener {
  connection: RouterConnection;
  /** What was told of the market. */
  readonly told: Value[] = [];
  readonly latest: LatestValues = new LatestValues();
  /** The promises that hold, as they were told, by series. */
  readonly promises: Map<string, CandleStream> = new Map();
  readonly ended: { readonly stream: CandleStream; until: EpochMs }[] = [];
  readonly #router: ISmartRouter;
  readonly #clock: Clock;
  readonly #faults: unknown[] = [];

  constructor(router: ISmartRouter, clock: Clock) {
    this.#router = router;
    this.#clock = clock;
    this.connection = router.connection;
    router.subscribe((event) => {
      try {
        this.#hear(structuredClone(event));
      } catch (error) {
        this.#faults.push(error);
      }
    });
  }

  /** Throws what was wrong with an event. */
  throwFault(): void {
    if (this.#faults.length > 0) throw this.#faults[0];
  }

  #hear(event: RouterEvent): void {
    validateRouterEvent(event);
    const { type } = event;
    // The exchange of the suite says nothing that breaks a rule.
    if (type === 'refused') throw event.error;
    if (type === 'connection') this.#connect(event.connection);
    else assertEqual(this.connection.status, 'connected', `the connection when ${type} is told`);
    if (type === 'stream') this.#promise(event.stream);
    else if (type === 'streamEnded') this.#end(seriesKeyText(event.key), event.at);
    else if (type !== 'connection') {
      this.told.push(...valuesOf(event));
      this.latest.take(valuesOf(event));
    }
  }

  #connect(connection: RouterConnection): void {
    assertEqual(this.#router.connection, connection, 'the connection when it is told');
    this.connection = connection;
    if (connection.status === 'connected') return;
    assertEqual(this.#router.streams, [], 'the streams when the loss of the connection is told');
    for (const text of this.promises.keys()) this.#end(text, connection.since);
    // Whatever was said of the time after the last sign of life is taken back.
    for (const one of this.ended) one.until = Math.min(one.until, connection.since);
  }

  #promise(stream: CandleStream): void {
    const text = seriesKeyText(stream.key);
    const next = timeframeGrid(stream.key.timeframe).shift(this.#clock.now());
    assertTrue(
      stream.since <= next,
      `since (${stream.since}) is not after the next period (${next})`,
    );
    this.promises.set(text, stream);
  }

  #end(text: string, until: EpochMs): void {
    assertTrue(until <= this.#clock.now(), `a promise ends (${until}) not in the future`);
    const stream = this.promises.get(text);
    if (stream !== undefined) this.ended.push({ stream, until });
    this.promises.delete(text);
  }
}
