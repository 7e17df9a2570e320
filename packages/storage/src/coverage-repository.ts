import type { CallOptions, EpochMs, Interval, SeriesKey } from '@barkeep/core';

/** Where data came from, and when. */
export interface Provenance {
  /** A short name, such as `upbit-rest`. */
  readonly source: string;
  /** When it was fetched. Default: now. */
  readonly collectedAt?: EpochMs | undefined;
}

/** A range that is complete, with its source. */
export interface CoverageEntry extends Interval {
  readonly source: string;
  /** When the most recent part of the range was fetched. */
  readonly collectedAt: EpochMs;
}

/** How complete a series is within a range. */
export interface ContinuityReport {
  readonly range: Interval;
  /** Number of periods in the range. */
  readonly periods: number;
  readonly candles: number;
  /** Covered periods without a candle: no trades. */
  readonly noTradePeriods: number;
  /** Candles outside coverage. They are stored, but may still change. */
  readonly uncoveredCandles: number;
  /** Gaps: uncovered periods without a candle, not fetched yet. */
  readonly missingPeriods: number;
  /** The ranges that are not covered. */
  readonly missing: readonly Interval[];
}

/**
 * Coverage: the record of which ranges have been fetched. A covered period without a candle had no
 * trades; an uncovered period is missing. Coverage always consists of whole periods.
 */
export interface ICoverageRepository {
  /**
   * Records a range as complete. Only the whole periods in it count. It replaces older entries
   * where they overlap; adjacent entries of one source are merged.
   */
  add(
    key: SeriesKey,
    interval: Interval,
    provenance: Provenance,
    options?: CallOptions,
  ): Promise<void>;

  /** Returns the entries that overlap the range, clipped to it, in ascending order. */
  of(key: SeriesKey, range?: Interval, options?: CallOptions): Promise<CoverageEntry[]>;

  /**
   * Returns the whole periods of the range that are not covered, merged into intervals: what to
   * backfill.
   *
   * @example
   * const day = { from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 0, 2) };
   * for (const gap of await storage.coverage.missing(key, day)) await backfill(key, gap);
   */
  missing(key: SeriesKey, range: Interval, options?: CallOptions): Promise<Interval[]>;

  /**
   * Removes coverage of every period the range touches, or of the whole series. Keeps the candles.
   */
  remove(key: SeriesKey, range?: Interval, options?: CallOptions): Promise<void>;

  /** Counts candles, no-trade periods and missing periods. Default range: first to last candle. */
  continuity(key: SeriesKey, range?: Interval, options?: CallOptions): Promise<ContinuityReport>;
}
