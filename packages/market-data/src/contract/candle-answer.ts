import type { BarkeepError, CandleSeries, EpochMs, Interval } from '@barkeep/core';
import type { CoverageEntry } from '@barkeep/storage';

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

/** A stretch the coordinator was asked for and could not deliver, or whose candle broke a rule. */
export interface FetchFailure {
  /** Of a single candle its period; of one whose period cannot be told, what was asked for. */
  readonly interval: Interval;
  /**
   * `SOURCE_FAILED` with the coordinator's own error as `cause`, or for a candle with `field`, `rule` and
   * `timestamp` in its details; `TIMEOUT`, `OVERLOADED`, `ABORTED`
   * when the service is closing, or what the storage said when it could not store.
   */
  readonly error: BarkeepError;
  /**
   * How often it was tried. 0: not at all, because something else had failed before its turn came, or the
   * candle broke a rule so lately that it is not asked for again yet.
   */
  readonly attempts: number;
}

/** Candles, and how far they can be relied on. Frozen: equal queries may be given the same answer. */
export interface CandleAnswer {
  readonly series: CandleSeries;
  /**
   * The stretch this answer speaks for, in whole periods. Where `limit` cut the answer, it begins or
   * ends at the candle of the cut. Without `from` it begins where anything is known of the series;
   * without `to` it ends after the current period. It does not reach before `retainedFrom`. `undefined`
   * when nothing is known.
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
   * is not remembered, and the next call asks again; but the period of a candle that broke a rule is
   * asked for again after a minute, then after twice as long each time, up to an hour.
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
  /**
   * Where retention lets the series begin: `range` does not reach before it, and nothing before it is
   * missing or fetched. Candles before it that somebody saved since are in `series`, until retention runs
   * again. `undefined` when it has no such floor.
   */
  readonly retainedFrom: EpochMs | undefined;
}
