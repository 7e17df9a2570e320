import type { CandleSeries, EpochMs, Interval } from '@barkeep/core';
import type { CoverageEntry } from '@barkeep/storage';
import type { FetchFailure } from '../fetching/fetch-outcome.ts';

export type { FetchFailure };

/** Where the candles of an answer came from, in candles. */
export interface CandleOrigins {
  readonly cache: number;
  /** The state of the candles in the making, as the router has it. */
  readonly router: number;
  readonly disk: number;
  readonly storage: number;
  /** Fetched during this very call. */
  readonly coordinator: number;
}

/** Candles, and how far they can be relied on. Frozen: equal queries may be given the same answer. */
export interface CandleAnswer {
  readonly series: CandleSeries;
  /**
   * The stretch this answer speaks for, in whole periods. Where `limit` cut the answer, it begins or
   * ends at the candle of the cut. Without `from` it begins where anything is known of the series;
   * without `to` it ends after the current period. `undefined` when nothing is known.
   */
  readonly range: Interval | undefined;
  /**
   * The ended periods of `range` that nobody has fetched: candles may be absent from them, and those
   * present may still change. A period of `range` outside `missing` without a candle had no trades.
   */
  readonly missing: readonly Interval[];
  /** Who delivered what of `range`, and when. */
  readonly coverage: readonly CoverageEntry[];
  /**
   * What the coordinator could not deliver in this call, and what it was not asked for because of that. It
   * is not remembered: the next call asks again.
   */
  readonly failures: readonly FetchFailure[];
  /**
   * Whether the end of the answer may still change: the last candle's period has not ended or is not
   * covered, or what was fetched of the end is provisional (`fetching.settlingMs`).
   */
  readonly lastMayChange: boolean;
  readonly origins: CandleOrigins;
  /** The first instant the market has history for, once the coordinator has told. */
  readonly historyStart: EpochMs | undefined;
}
