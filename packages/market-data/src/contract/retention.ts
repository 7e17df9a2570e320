import type { BarkeepError, CallOptions, EpochMs, Interval, SeriesKey } from '@barkeep/core';

export interface RetentionOptions extends CallOptions {
  /** The most candles that one step removes. Default: 4,096. */
  readonly candlesPerStep?: number | undefined;
}

/** One short change: a floor that moved, or candles that were removed below it. */
export interface RetentionStep {
  readonly key: SeriesKey;
  /** What was removed; `undefined` when the floor moved. */
  readonly range: Interval | undefined;
  /** How many candles that were. */
  readonly candles: number;
  readonly retainedFrom: EpochMs | undefined;
}

/** What retention did to one series, or would do. */
export interface SeriesRetention {
  readonly key: SeriesKey;
  /** As the rule says that counts; `all` when none does. */
  readonly keep: string;
  /** Where retention let it begin before; `undefined` when it had no floor. */
  readonly retainedBefore: EpochMs | undefined;
  /** Where retention lets it begin now, or would; `undefined` when it has no floor. */
  readonly retainedFrom: EpochMs | undefined;
  /** How many candles were removed, or would be. */
  readonly candles: number;
  /**
   * Why less is removed than the clock asks for.
   *
   * - `latest-candle`: the latest candle is older than the clock, or there is none
   * - `clock`: the clock has jumped ahead within the last day
   */
  readonly heldBackBy: 'latest-candle' | 'clock' | undefined;
  /** What kept it from being looked at, or from being finished. The next run goes on. */
  readonly error: BarkeepError | undefined;
}

/** What a run of retention did, or would do. */
export interface RetentionReport {
  /** How many candles of all series. */
  readonly candles: number;
  /** Those that a rule limits, and those that had a floor. */
  readonly series: readonly SeriesRetention[];
}
