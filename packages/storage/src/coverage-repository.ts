import type { CallOptions, EpochMs, Interval, SeriesKey } from '@barkeep/core';

/** Who delivered something, and when. */
export interface Provenance {
  /** A short name such as `upbit-rest`. */
  readonly source: string;
  /** Default: now. */
  readonly collectedAt?: EpochMs | undefined;
}

/** A stretch that is complete, and where that is known from. */
export interface CoverageEntry extends Interval {
  readonly source: string;
  /** When the latest part of the stretch was collected. */
  readonly collectedAt: EpochMs;
}

/** How complete a series is within a range. */
export interface ContinuityReport {
  readonly range: Interval;
  /** How many periods the range has. */
  readonly periods: number;
  readonly candles: number;
  /** Periods inside coverage without a candle: nothing was traded. */
  readonly noTradePeriods: number;
  /** Candles outside coverage: stored, but they may still change. */
  readonly uncoveredCandles: number;
  /** Periods outside coverage without a candle: not fetched yet. */
  readonly missingPeriods: number;
  /** What is not covered. */
  readonly missing: readonly Interval[];
}

/**
 * The ledger of what has been fetched. A period inside coverage without a candle had no trades; a
 * period outside coverage is missing. Coverage always consists of whole periods.
 */
export interface ICoverageRepository {
  /**
   * Records a stretch as complete. Only the whole periods inside it count. Where it overlaps older
   * entries it replaces them; entries of one source that touch become one.
   */
  add(
    key: SeriesKey,
    interval: Interval,
    provenance: Provenance,
    options?: CallOptions,
  ): Promise<void>;

  /** The entries that touch the range, cut to it; ascending, without overlap. */
  of(key: SeriesKey, range?: Interval, options?: CallOptions): Promise<CoverageEntry[]>;

  /** The whole periods of the range that are not covered, joined into intervals. */
  missing(key: SeriesKey, range: Interval, options?: CallOptions): Promise<Interval[]>;

  /** Forgets a stretch (every period it touches), or all of the series'. Candles stay. */
  remove(key: SeriesKey, range?: Interval, options?: CallOptions): Promise<void>;

  /** Counts candles, no-trade periods and missing periods. Default range: first to last candle. */
  continuity(key: SeriesKey, range?: Interval, options?: CallOptions): Promise<ContinuityReport>;
}
