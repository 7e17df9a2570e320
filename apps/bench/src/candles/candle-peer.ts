import type { Candle, CandleColumns, CandleSeries, SeriesKey } from '@barkeep/core';

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
  open(directory: string): Promise<CandleStore>;
}

/** An open peer. Results come in whatever form is natural to it, ascending by time. */
export interface CandleStore {
  /** Inserts or replaces candles in one transaction; resolves once it is committed. */
  write(series: CandleSeries): Promise<void>;
  readAll(key: SeriesKey): Promise<CandleRows>;
  readLatest(key: SeriesKey, count: number): Promise<CandleRows>;
  close(): Promise<void>;
}

export type CandleRows = CandleColumns | readonly Candle[];
