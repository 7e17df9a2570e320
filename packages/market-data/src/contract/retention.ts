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
  /** Where the series began before, if retention has removed anything of it. */
  readonly retainedBefore: EpochMs | undefined;
  /** Where it begins now; `undefined` when nothing of it is to be removed. */
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
  /** Those that a rule limits, and those that retention has removed something of before. */
  readonly series: readonly SeriesRetention[];
}
