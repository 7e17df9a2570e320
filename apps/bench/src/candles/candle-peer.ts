import type {
  Candle,
  CandleColumns,
  CandleSeries,
  Interval,
  RequiredColumn,
  SeriesKey,
} from '@barkeep/core';

/**
 * A way to keep candles that takes part in the comparison. To add one: a file next to this one, and
 * its name in `candle-matches.ts`.
 */
export interface CandlePeer {
  readonly name: string;
  /** How it is written, with the settings that matter. */
  readonly description: string;
  /** The npm packages it measures. */
  readonly libraries: readonly string[];
  /** Whether what was written is there again when the same directory is opened again. */
  readonly durable: boolean;
  /** Whether it can `overwrite`. */
  readonly replaces: boolean;
  open(directory: string): Promise<CandleStore>;
}

/** An open peer. Results come in whatever form is natural to it, ascending by time. */
export interface CandleStore {
  /** Stores candles that are not there yet, in one transaction; resolves once it is committed. */
  write(batches: readonly CandleSeries[]): Promise<void>;
  /**
   * Inserts or replaces candles in one transaction; resolves once it is committed, to how many of
   * them it had to write, where the peer can tell.
   */
  overwrite(batches: readonly CandleSeries[]): Promise<number | undefined>;
  readAll(key: SeriesKey): Promise<CandleRows>;
  readLatest(key: SeriesKey, count: number): Promise<CandleRows>;
  readRange(key: SeriesKey, range: Interval): Promise<CandleRows>;
  /** One column of all candles. */
  readColumn(key: SeriesKey, column: RequiredColumn): Promise<ArrayLike<number>>;
  /** All candles of several series, in the order of the keys. */
  readMany(keys: readonly SeriesKey[]): Promise<readonly CandleRows[]>;
  /** Gives back what space the peer can. */
  compact(): Promise<void>;
  close(): Promise<void>;
}

export type CandleRows = CandleColumns | readonly Candle[];
