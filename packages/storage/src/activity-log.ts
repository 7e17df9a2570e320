import { type EpochMs, type SeriesKey, seriesKeyText, type Timeframe } from '@barkeep/core';
import type { ActivityReport, SeriesActivity, TimeframeActivity } from './storage-maintenance.ts';

/** Maximum number of series to track. Beyond it, the least recently used one is dropped. */
const MAX_SERIES = 10_000;
/** Age at which a call counts half towards the heat of a series. */
const HALF_LIFE_MS = 3_600_000;

/** The effect of one write on one series. */
export interface SeriesWrite {
  readonly inserted: number;
  readonly updated: number;
  /** First and last timestamp written; NaN if there were no candles. */
  readonly first: EpochMs;
  readonly last: EpochMs;
}

type Counted = { -readonly [K in keyof SeriesActivity]: SeriesActivity[K] } & {
  /** The latest timestamp written. */
  newest: EpochMs;
  usedAt: EpochMs;
};

/** Tracks reads and writes per series through one handle, in bounded memory. */
export class ActivityLog {
  readonly #since: EpochMs;
  /** By key text, least recently used first. */
  readonly #series = new Map<string, Counted>();
  readonly #timeframes = new Map<Timeframe, { -readonly [K in keyof TimeframeActivity]: number }>();

  constructor(now: EpochMs) {
    this.#since = now;
  }

  read(key: SeriesKey, candles: number, now: EpochMs): void {
    const series = this.#use(key, now);
    series.reads += 1;
    series.candlesRead += candles;
    series.lastReadAt = now;
  }

  write(key: SeriesKey, { inserted, updated, first, last }: SeriesWrite, now: EpochMs): void {
    const series = this.#use(key, now);
    series.writes += 1;
    series.inserted += inserted;
    series.updated += updated;
    if (first <= series.newest && inserted > 0) series.lateWrites += 1;
    if (last > series.newest) series.newest = last;
    series.lastWriteAt = now;
    const timeframe = this.#timeframes.get(key.timeframe) ?? { inserted: 0, updated: 0 };
    timeframe.inserted += inserted;
    timeframe.updated += updated;
    this.#timeframes.set(key.timeframe, timeframe);
  }

  /** Returns at most `limit` series, hottest first. */
  report(limit: number, now: EpochMs): ActivityReport {
    const series = Array.from(this.#series.values(), ({ newest: _newest, usedAt, ...rest }) => {
      return { ...rest, heat: cooled(rest.heat, now - usedAt) };
    });
    series.sort((a, b) => b.heat - a.heat);
    return {
      since: this.#since,
      series: series.slice(0, limit),
      timeframes: Object.fromEntries(this.#timeframes),
    };
  }

  #use(key: SeriesKey, now: EpochMs): Counted {
    const text = seriesKeyText(key);
    const known = this.#series.get(text);
    this.#series.delete(text);
    const series = known ?? unused(key, now);
    series.heat = cooled(series.heat, now - series.usedAt) + 1;
    series.usedAt = now;
    this.#series.set(text, series);
    if (this.#series.size > MAX_SERIES) this.#forgetOldest();
    return series;
  }

  #forgetOldest(): void {
    const [oldest] = this.#series.keys();
    if (oldest !== undefined) this.#series.delete(oldest);
  }
}

function unused({ symbol, timeframe }: SeriesKey, now: EpochMs): Counted {
  return {
    key: { symbol, timeframe },
    reads: 0,
    candlesRead: 0,
    writes: 0,
    inserted: 0,
    updated: 0,
    lateWrites: 0,
    lastReadAt: undefined,
    lastWriteAt: undefined,
    heat: 0,
    newest: Number.NEGATIVE_INFINITY,
    usedAt: now,
  };
}

/** Heat does not change if the clock was set back. */
function cooled(heat: number, ageMs: number): number {
  return ageMs <= 0 ? heat : heat * 2 ** (-ageMs / HALF_LIFE_MS);
}
