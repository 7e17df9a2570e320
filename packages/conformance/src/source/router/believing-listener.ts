import {
  type Candle,
  type Clock,
  type EpochMs,
  type Interval,
  type SeriesKey,
  seriesKeyText,
  timeframeGrid,
} from '@barkeep/core';
import {
  type CandleStream,
  type ISmartRouter,
  type LiveCandle,
  type MarketEvent,
  type RouterConnection,
  type RouterEvent,
  validateRouterEvent,
} from '@barkeep/source';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { isEqual } from '../../is-equal.ts';

/** What a listener knows that takes a router at its word, and whether the router's words agree. */
export class BelievingListener {
  /** The promises that hold, as they were told. */
  readonly promises: Map<string, CandleStream> = new Map();
  /** What was told of the market. */
  readonly told: MarketEvent[] = [];
  connection: RouterConnection;
  readonly #router: ISmartRouter;
  readonly #clock: Clock;
  readonly #ended: { readonly stream: CandleStream; until: EpochMs }[] = [];
  readonly #faults: unknown[] = [];
  #toldAt: EpochMs = 0;

  constructor(router: ISmartRouter, clock: Clock) {
    this.#router = router;
    this.#clock = clock;
    this.connection = router.connection;
    router.subscribe((event) => {
      try {
        this.#hear(event);
      } catch (error) {
        this.#faults.push(error);
      }
    });
  }

  /** Throws what was wrong with an event. */
  throwFault(): void {
    if (this.#faults.length > 0) throw this.#faults[0];
  }

  /** Stretches whose every candle has come, by the promise that holds and the last sign of life. */
  promised(key: SeriesKey): Interval[] {
    const stream = this.promises.get(seriesKeyText(key));
    return stream ? [wholePeriods(stream, this.#router.lastSeen ?? this.#toldAt)] : [];
  }

  /** The same by promises that have ended. */
  kept(key: SeriesKey): Interval[] {
    return this.#ended
      .filter(({ stream }) => isOf(stream, key))
      .map(({ stream, until }) => wholePeriods(stream, until));
  }

  candles(key: SeriesKey, stretch: Interval): Candle[] {
    return latestCandles(
      this.told.flatMap((it) => (it.type === 'candle' ? [it.live] : [])),
      key,
      stretch,
    );
  }

  #hear(event: RouterEvent): void {
    validateRouterEvent(event);
    const { type } = event;
    if (type === 'connection') this.#connect(event.connection);
    else assertEqual(this.connection.status, 'connected', `the connection when ${type} is told`);
    if (type === 'stream') this.#promise(event.stream);
    else if (type === 'streamEnded') this.#end(seriesKeyText(event.key), event.at);
    else if (type !== 'connection') {
      this.told.push(event);
      this.#toldAt = this.#clock.now();
    }
  }

  #connect(connection: RouterConnection): void {
    assertEqual(this.#router.connection, connection, 'the connection when it is told');
    this.connection = connection;
    if (connection.status === 'connected') return;
    assertEqual(this.#router.streams, [], 'the streams when the loss of the connection is told');
    for (const text of this.promises.keys()) this.#end(text, connection.since);
    // Whatever was said of the time after the last sign of life is taken back.
    for (const one of this.#ended) one.until = Math.min(one.until, connection.since);
  }

  #promise(stream: CandleStream): void {
    const next = timeframeGrid(stream.key.timeframe).shift(this.#clock.now());
    assertTrue(
      stream.since <= next,
      `a promise begins (${stream.since}) by the next period (${next})`,
    );
    const isHeld = this.#router.streams.some((one) => isEqual(one, stream));
    assertTrue(isHeld, 'a promise is one of the streams when it is told');
    this.promises.set(seriesKeyText(stream.key), stream);
  }

  #end(text: string, until: EpochMs): void {
    assertTrue(until <= this.#clock.now(), `a promise ends (${until}) not in the future`);
    const stream = this.promises.get(text);
    if (stream !== undefined) this.#ended.push({ stream, until });
    this.promises.delete(text);
  }
}

/** The candles of a stretch, ascending, each in the latest of its states. */
export function latestCandles(
  states: readonly LiveCandle[],
  key: SeriesKey,
  { from, to }: Interval,
): Candle[] {
  const latest = new Map<EpochMs, LiveCandle>();
  for (const live of states) {
    const { timestamp } = live.candle;
    const isIn = timestamp >= from && timestamp < to && isOf(live, key);
    if (isIn && (latest.get(timestamp)?.asOf ?? 0) <= live.asOf) latest.set(timestamp, live);
  }
  return [...latest.values()].map(({ candle }) => candle).sort((a, b) => a.timestamp - b.timestamp);
}

export function isOf(one: { readonly key: SeriesKey }, { symbol, timeframe }: SeriesKey): boolean {
  return one.key.symbol === symbol && one.key.timeframe === timeframe;
}

/** The periods of a promise that have ended by an instant. */
function wholePeriods({ key, since }: CandleStream, until: EpochMs): Interval {
  return { from: since, to: Math.max(since, timeframeGrid(key.timeframe).floor(until)) };
}
