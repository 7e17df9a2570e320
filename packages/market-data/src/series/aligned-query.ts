import { type EpochMs, type Interval, MAX_EPOCH_MS, MIN_EPOCH_MS } from '@barkeep/core';
import { type CheckedQuery, EVER } from '@barkeep/storage';
import type { SeriesState } from './series-state.ts';

/** A checked query about one series, with its bounds moved to period starts. */
export interface AlignedQuery {
  readonly series: SeriesState;
  /** The periods whose start the query selects. */
  readonly range: Interval;
  /** Whether the caller gave the bound, or it stands for the beginning or the end of time. */
  readonly hasFrom: boolean;
  readonly hasTo: boolean;
  /** `Infinity` for all. */
  readonly limit: number;
  readonly take: 'first' | 'last';
}

export function alignQuery(query: CheckedQuery, series: SeriesState): AlignedQuery {
  const { grid } = series;
  const from = grid.ceil(withinTime(query.from));
  const to = grid.ceil(withinTime(query.to));
  return {
    series,
    range: { from, to },
    hasFrom: query.from !== EVER.from,
    hasTo: query.to !== EVER.to,
    limit: query.limit,
    take: query.take,
  };
}

/** Equal for asks about the same: neither a bound nor a timeframe has a slash. */
export function alignedQueryText({
  series,
  range,
  hasFrom,
  hasTo,
  limit,
  take,
}: AlignedQuery): string {
  const from = hasFrom ? range.from : '';
  const to = hasTo ? range.to : '';
  return `${from}/${to}/${limit}/${take}/${series.text}`;
}

/** No candle lies outside of these bounds. */
function withinTime(instant: EpochMs): EpochMs {
  return Math.min(Math.max(instant, MIN_EPOCH_MS), MAX_EPOCH_MS + 1);
}
