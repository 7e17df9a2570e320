import {
  type Clock,
  type EpochMs,
  type Interval,
  type IntervalSet,
  intersectIntervals,
  type MonotonicTime,
  monotonicTime,
  type SeriesKey,
  subtractIntervals,
  unionIntervals,
} from '@barkeep/core';
import type { IMarketDataStorage } from '@barkeep/storage';
import type { SeriesState } from '../series/series-state.ts';
import { endOf } from './check-delivery.ts';
import type { ClockReading } from './source-calls.ts';

export interface CoveredLatelyOptions {
  readonly storage: IMarketDataStorage;
  readonly clock: Clock;
  /** How long after its end a period could be final, in milliseconds. */
  readonly finalAfterMs: number;
  /** Called when coverage could not be taken back: the next read tries again. */
  readonly onFailure: (key: SeriesKey, interval: Interval, error: unknown) => void;
  /** Fires when the service closes. */
  readonly closing: AbortSignal;
}

/** What one delivery has covered, or several that follow each other. */
interface Covered {
  readonly intervals: IntervalSet;
  /** When the first of them was asked for, in monotonic time. */
  readonly askedAt: number;
  /** The clock's lead over monotonic time then: the largest of them. */
  readonly lead: number;
  /** The time from the end of a period to its request: the shortest of them. */
  readonly ageMs: number;
}

interface CoveredSeries {
  readonly series: SeriesState;
  readonly deliveries: readonly Covered[];
}

/** Of more series those that were fetched longest ago are forgotten. */
const MAX_SERIES = 10_000;
/** Of more deliveries the oldest are taken together. */
const MAX_DELIVERIES = 16;
const MAX_INTERVALS = 64;
/** Readings of two clocks are never quite of the same instant. */
const TOLERANCE_MS = 1_000;

/**
 * What this process has covered, for the case that the clock was ahead: when it is set back, coverage of
 * periods that were not final yet by the corrected time of their request is taken back, so the next read
 * fetches them.
 */
export class CoveredLately {
  readonly #options: CoveredLatelyOptions;
  readonly #time: MonotonicTime;
  /** By the text of their keys, those fetched longest ago first. */
  readonly #series = new Map<string, CoveredSeries>();
  readonly #doubtful = new Map<SeriesState, IntervalSet>();
  #takingBack: Promise<void> | undefined;

  constructor(options: CoveredLatelyOptions) {
    this.#options = options;
    this.#time = monotonicTime(options.clock);
    const stop = this.#time.onJump(({ byMs }) => {
      if (byMs < 0) this.#clockSetBack();
    });
    options.closing.addEventListener('abort', stop, { once: true });
  }

  /** Takes note of a delivery that was stored, of what it covers, and when it was asked for. */
  add(series: SeriesState, covers: IntervalSet, asked: ClockReading): void {
    const deliveries = this.#series.get(series.text)?.deliveries ?? [];
    const end = covers.at(-1)?.to;
    const more: Covered[] = [];
    if (end !== undefined) {
      const lead = asked.clock - asked.time;
      more.push({ intervals: covers, askedAt: asked.time, lead, ageMs: asked.clock - end });
    }
    this.#series.delete(series.text);
    this.#series.set(series.text, { series, deliveries: bounded([...deliveries, ...more]) });
    if (this.#series.size > MAX_SERIES) this.#forgetOldest();
    // The clock was set back while it was being stored.
    if (asked.clock - this.#clockAt(asked.time) > TOLERANCE_MS) this.#doubt(series.text);
  }

  /** Resolves when what has to be taken back is, or could not be; `undefined` when there is nothing. */
  settle(): Promise<void> | undefined {
    // Reading the time is what shows that the clock was set.
    this.#time.now();
    if (this.#doubtful.size === 0) return undefined;
    this.#takingBack ??= this.#takeBack().finally(() => {
      this.#takingBack = undefined;
    });
    return this.#takingBack;
  }

  #clockSetBack(): void {
    for (const text of this.#series.keys()) this.#doubt(text);
    void this.settle();
  }

  /** Also what is settling, and what was last seen of the current period, went by the wrong clock. */
  #doubt(text: string): void {
    const known = this.#series.get(text);
    if (known === undefined) return;
    const { series, deliveries } = known;
    const kept: Covered[] = [];
    for (const one of deliveries) {
      const early = this.#tooEarly(series, one);
      const intervals = subtractIntervals(one.intervals, early);
      if (intervals.length > 0) kept.push({ ...one, intervals });
      if (early.length === 0) continue;
      this.#doubtful.set(series, unionIntervals(this.#doubtful.get(series) ?? [], early));
    }
    this.#series.set(text, { series, deliveries: kept });
    series.forget();
  }

  /** What was not final yet when it was asked for, as the clock is now. */
  #tooEarly(series: SeriesState, { intervals, askedAt, lead, ageMs }: Covered): IntervalSet {
    const { finalAfterMs } = this.#options;
    const aheadMs = lead - this.#clockAt(0);
    if (ageMs - aheadMs >= finalAfterMs) return [];
    const finalBy = endOf(this.#clockAt(askedAt), finalAfterMs, series.grid);
    return intersectIntervals(intervals, [{ from: finalBy, to: Number.POSITIVE_INFINITY }]);
  }

  /** What the clock, as it is set now, would have shown at an instant of monotonic time. */
  #clockAt(time: number): EpochMs {
    return this.#options.clock.now() - (this.#time.now() - time);
  }

  async #takeBack(): Promise<void> {
    for (const [series, intervals] of this.#doubtful) {
      for (const interval of intervals) {
        try {
          await this.#options.storage.coverage.remove(series.key, interval);
        } catch (error) {
          this.#options.onFailure(series.key, interval, error);
          return;
        }
      }
      const rest = subtractIntervals(this.#doubtful.get(series) ?? [], intervals);
      if (rest.length === 0) this.#doubtful.delete(series);
      else this.#doubtful.set(series, rest);
    }
  }

  #forgetOldest(): void {
    const [text] = this.#series.keys();
    if (text !== undefined) this.#series.delete(text);
  }
}

function bounded(deliveries: readonly Covered[]): readonly Covered[] {
  const [first, second, ...rest] = deliveries;
  if (first === undefined || second === undefined) return deliveries;
  if (deliveries.length <= MAX_DELIVERIES) return deliveries;
  const intervals = unionIntervals(first.intervals, second.intervals);
  const together = {
    intervals: intervals.length > MAX_INTERVALS ? around(intervals) : intervals,
    askedAt: Math.min(first.askedAt, second.askedAt),
    lead: Math.max(first.lead, second.lead),
    ageMs: Math.min(first.ageMs, second.ageMs),
  };
  return [together, ...rest];
}

function around(intervals: IntervalSet): IntervalSet {
  const [first, last] = [intervals[0], intervals.at(-1)];
  return first === undefined || last === undefined ? [] : [{ from: first.from, to: last.to }];
}
