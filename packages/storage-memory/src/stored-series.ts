import type { SeriesKey } from '@barkeep/core';
import type { CoverageEntry } from '@barkeep/storage';
import type { CandleChunks } from './candle-chunks.ts';

/** All that is known of one series, at one moment. */
export interface StoredSeries {
  readonly key: SeriesKey;
  readonly candles: CandleChunks;
  readonly coverage: readonly CoverageEntry[];
}
