import type { CallOptions, Interval, SeriesKey } from '@barkeep/core';

/** Something that should never be found in a storage. */
export interface IntegrityProblem {
  /**
   * - `order`: candles out of order or duplicated
   * - `value`: a candle that breaks a rule of the model, such as high below low
   * - `counter`: a series' count, first or last disagrees with its candles
   * - `coverage`: coverage entries that overlap or are unaligned
   * - `reference`: rows that belong to no series
   * - `damaged`: bytes that cannot be read
   */
  readonly kind: 'order' | 'value' | 'counter' | 'coverage' | 'reference' | 'damaged';
  readonly key?: SeriesKey;
  readonly interval?: Interval;
  readonly message: string;
}

export interface IntegrityReport {
  readonly ok: boolean;
  readonly series: number;
  readonly candles: number;
  /** At most a thousand; `truncated` says whether there were more. */
  readonly problems: readonly IntegrityProblem[];
  readonly truncated: boolean;
}

/** Checks what is stored against the rules of the model and of the storage's own format. */
export interface IIntegrityCheck {
  /** Reads everything, or one series. Changes nothing. */
  check(key?: SeriesKey, options?: CallOptions): Promise<IntegrityReport>;
}
