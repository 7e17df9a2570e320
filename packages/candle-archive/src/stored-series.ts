import {
  type CandleColumns,
  type EpochMs,
  type Interval,
  OPTIONAL_COLUMNS,
  type OptionalColumn,
  optionalColumns,
  type SeriesKey,
  timeframeGrid,
} from '@barkeep/core';

/** The timestamps of a first and a last candle. */
export interface CandleExtent {
  readonly first: EpochMs;
  readonly last: EpochMs;
}

/** Which candles of a series to read. */
export interface CandleSelection extends Interval {
  /** At least 1, or `Infinity`. */
  readonly limit: number;
  readonly take: 'first' | 'last';
}

export interface SeriesIdentity {
  readonly id: number;
  readonly key: SeriesKey;
  /** The optional columns that it ever had, in the order of the table. */
  readonly optional: readonly OptionalColumn[];
}

export interface SeriesCounters {
  /** Its candles, in rows or segments: a timestamp counts once. */
  readonly count: number;
  /** Its rows, with those that overlay a segment's candle. */
  readonly rowCount: number;
  /** Null when the series has no candles. */
  readonly first: EpochMs | null;
  readonly last: EpochMs | null;
}

/** A stored series: its number and its counters. */
export interface SeriesRow extends SeriesIdentity, SeriesCounters {}

export function extentOf({ first, last }: SeriesCounters): CandleExtent | undefined {
  return first === null || last === null ? undefined : { first, last };
}

/** The extent of several together; `undefined` when none has candles. */
export function joinExtents(
  ...extents: readonly (CandleExtent | undefined)[]
): CandleExtent | undefined {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const extent of extents) {
    if (extent === undefined) continue;
    first = Math.min(first, extent.first);
    last = Math.max(last, extent.last);
  }
  return first === Number.POSITIVE_INFINITY ? undefined : { first, last };
}

/** The whole periods from the first to the last candle. */
export function periodsOf({ timeframe }: SeriesKey, { first, last }: CandleExtent): Interval {
  return { from: first, to: timeframeGrid(timeframe).shift(last) };
}

/** The part of a range from the first to the last candle: a range may go on for ages beyond. */
export function stretchWithin(extent: CandleExtent | undefined, { from, to }: Interval): Interval {
  if (extent === undefined) return { from, to };
  return { from: Math.max(from, extent.first), to: Math.min(to, extent.last + 1) };
}

/** The counters after candles and rows came, or went. */
export function countersAfter(
  { count, rowCount }: SeriesCounters,
  candles: number,
  rows: number,
  extent: CandleExtent | undefined,
): SeriesCounters {
  // Of no candles there are none, whatever a damaged counter says.
  if (extent === undefined) return { count: 0, rowCount: 0, first: null, last: null };
  const { first, last } = extent;
  return { count: count + candles, rowCount: rowCount + rows, first, last };
}

/** The optional columns of some, and those in which a candle of others has a value. */
export function joinOptional(
  known: readonly OptionalColumn[],
  columns: CandleColumns,
): readonly OptionalColumn[] {
  const has = (name: OptionalColumn): boolean =>
    columns[name]?.some((value) => !Number.isNaN(value)) ?? false;
  const added = optionalColumns(columns).filter((name) => !known.includes(name) && has(name));
  if (added.length === 0) return known;
  return OPTIONAL_COLUMNS.filter((name) => known.includes(name) || added.includes(name));
}

/** How many candles a selection has at most: what the series' counters tell. */
export function mostCandles(
  { key, count, first, last }: SeriesRow,
  { from, to, limit }: CandleSelection,
): number {
  if (first === null || last === null) return 0;
  const step = timeframeGrid(key.timeframe).fixedMs ?? 1;
  const periods = Math.ceil((Math.min(to, last + 1) - Math.max(from, first)) / step);
  return Math.max(0, Math.min(periods, limit, count));
}
