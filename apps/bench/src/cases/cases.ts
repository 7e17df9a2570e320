import type { BenchCase } from '../bench-case.ts';
import { inMemory, onDisk } from '../candles/candle-matches.ts';
import { cacheCase } from './cache.ts';
import { eventLoopCase } from './event-loop.ts';
import { latestColdCase } from './latest-cold.ts';
import { latestWarmCase } from './latest-warm.ts';
import { listCase } from './list.ts';
import { readCase } from './read.ts';
import { orderBooksCase, tickersCase } from './realtime.ts';
import { store100kCase } from './store-100k.ts';
import { writeCase } from './write.ts';

/** Everything that is measured, in the order of the report. */
export const CASES: readonly BenchCase[] = [
  writeCase(onDisk),
  readCase(onDisk),
  latestColdCase,
  latestWarmCase(onDisk),
  store100kCase,
  listCase,
  eventLoopCase,
  writeCase(inMemory),
  readCase(inMemory),
  latestWarmCase(inMemory),
  tickersCase,
  orderBooksCase,
  cacheCase,
];
