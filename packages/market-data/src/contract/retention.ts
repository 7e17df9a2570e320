import type { BarkeepError, CallOptions, EpochMs, Interval, SeriesKey } from '@barkeep/core';

export interface RetentionOptions extends CallOptions {
  /**
   * Maximum number of candles to remove per step. Smaller steps block other writes for less time.
   * Default: 4,096.
   */
  readonly candlesPerStep?: number | undefined;
}

/** One short change: the limit moved, or candles before it were removed. */
export interface RetentionStep {
  readonly key: SeriesKey;
  /** The range removed; `undefined` if the limit moved. */
  readonly range: Interval | undefined;
  /** Number of candles removed. */
  readonly candles: number;
  readonly retainedFrom: EpochMs | undefined;
}

/** What retention did, or would do, to one series. */
export interface SeriesRetention {
  readonly key: SeriesKey;
  /** `keep` of the rule that applies; `all` if none does. */
  readonly keep: string;
  /** Where retention let the series begin before this run; `undefined` if unlimited. */
  readonly retainedBefore: EpochMs | undefined;
  /** Where retention lets it begin now, or would; `undefined` if unlimited. */
  readonly retainedFrom: EpochMs | undefined;
  /** Number of candles removed, or that would be. */
  readonly candles: number;
  /**
   * Why less is removed than the clock would allow.
   *
   * - `latest-candle`: the latest candle is older than the clock, or there is none
   * - `clock`: the clock jumped ahead within the last day
   */
  readonly heldBackBy: 'latest-candle' | 'clock' | undefined;
  /** The error that kept the series from being checked or finished. The next run continues. */
  readonly error: BarkeepError | undefined;
}

/** What a retention run did, or would do. */
export interface RetentionReport {
  /** Total number of candles. */
  readonly candles: number;
  /** Series that a rule limits, and those that were limited before. */
  readonly series: readonly SeriesRetention[];
}
