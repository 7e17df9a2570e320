import {
  type Candle,
  type EpochMs,
  type Interval,
  type SeriesKey,
  seriesKeyText,
  timeframeGrid,
} from '@barkeep/core';
import type { CandleStream, LiveCandle, RouterEvent } from '@barkeep/source';

interface KnownSeries {
  /** The latest state of each candle. */
  readonly states: Map<EpochMs, LiveCandle>;
  /** Where everything came through, as far as that is certain. */
  readonly covered: Interval[];
}

/** What a listener knows that takes a router at its word. */
export class BelievingListener {
  readonly #series = new Map<string, KnownSeries>();
  readonly #promises = new Map<string, CandleStream>();

  hear(event: RouterEvent): void {
    if (event.type === 'candle') this.#take(event.live);
    else if (event.type === 'stream')
      this.#promises.set(seriesKeyText(event.stream.key), event.stream);
    else if (event.type === 'streamEnded') this.#settle(seriesKeyText(event.key), event.at);
    else if (event.type === 'connection' && event.connection.status !== 'connected') {
      for (const name of [...this.#promises.keys()]) this.#settle(name, event.connection.since);
    }
  }

  /** The stretches for which it knows every candle, now that every message has come. */
  covered(key: SeriesKey, now: EpochMs): Interval[] {
    const { covered } = this.#known(seriesKeyText(key));
    const promise = this.#promises.get(seriesKeyText(key));
    return promise === undefined ? covered : [...covered, wholePeriods(promise, now)];
  }

  /** The candles it knows in a stretch, ascending. */
  candles(key: SeriesKey, { from, to }: Interval): Candle[] {
    return [...this.#known(seriesKeyText(key)).states.values()]
      .map(({ candle }) => candle)
      .filter(({ timestamp }) => timestamp >= from && timestamp < to)
      .sort((a, b) => a.timestamp - b.timestamp);
  }

  #take(live: LiveCandle): void {
    const { states } = this.#known(seriesKeyText(live.key));
    const before = states.get(live.candle.timestamp);
    if (before === undefined || before.asOf <= live.asOf) states.set(live.candle.timestamp, live);
  }

  #settle(name: string, until: EpochMs): void {
    const promise = this.#promises.get(name);
    if (promise === undefined) return;
    this.#promises.delete(name);
    this.#known(name).covered.push(wholePeriods(promise, until));
  }

  #known(name: string): KnownSeries {
    const known = this.#series.get(name) ?? { states: new Map(), covered: [] };
    this.#series.set(name, known);
    return known;
  }
}

/** The periods of a promise that have ended by an instant. */
function wholePeriods({ key, since }: CandleStream, until: EpochMs): Interval {
  return { from: since, to: Math.max(since, timeframeGrid(key.timeframe).floor(until)) };
}
