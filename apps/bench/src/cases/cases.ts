import type { BenchCase } from '../bench-case.ts';
import { inMemory, onDisk } from '../candles/candle-matches.ts';
import { cacheCase } from './cache.ts';
import { columnCase } from './column.ts';
import { diskCacheCase } from './disk-cache.ts';
import { eventLoopCase } from './event-loop.ts';
import { growthCase } from './growth.ts';
import { latestCachedCase } from './latest-cached.ts';
import { latestColdCase } from './latest-cold.ts';
import { latestWarmCase } from './latest-warm.ts';
import { listCase } from './list.ts';
import { nearCacheCase } from './near-cache.ts';
import { overwriteBlockCase, overwriteScatteredCase } from './overwrite.ts';
import { rangeCase } from './range.ts';
import { reIngestCase } from './re-ingest.ts';
import { readCase } from './read.ts';
import { readColdCase } from './read-cold.ts';
import { orderBooksCase, tickersCase } from './realtime.ts';
import { realtimeMemoryCase } from './realtime-memory.ts';
import { realtimeRedisCase } from './realtime-redis.ts';
import { sizeCase } from './size.ts';
import { smallSeriesCase } from './small-series.ts';
import { store100kCase } from './store-100k.ts';
import { writeCase } from './write.ts';

/** Everything that is measured, in the order of the report. */
export const CASES: readonly BenchCase[] = [
  writeCase(onDisk),
  sizeCase,
  readColdCase,
  readCase(onDisk),
  rangeCase,
  columnCase,
  latestColdCase,
  latestWarmCase(onDisk),
  latestCachedCase,
  overwriteScatteredCase,
  overwriteBlockCase,
  reIngestCase,
  store100kCase,
  smallSeriesCase,
  listCase,
  growthCase,
  eventLoopCase,
  writeCase(inMemory),
  readCase(inMemory),
  latestWarmCase(inMemory),
  tickersCase,
  orderBooksCase,
  realtimeMemoryCase,
  realtimeRedisCase,
  nearCacheCase,
  cacheCase,
  diskCacheCase,
];
