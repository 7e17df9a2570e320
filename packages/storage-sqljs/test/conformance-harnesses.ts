import { join } from 'node:path';
import type { StorageHarness } from '@barkeep/conformance/storage';
import { SqlJsStorage } from '../src/index.ts';

/** In a module of its own, because processes that the suite starts read it, too. */
export const harnesses: readonly StorageHarness[] = [
  {
    name: 'storage-sqljs, tiny segments',
    module: import.meta.url,
    model: { runs: 100 },
    create: ({ clock, directory }) =>
      new SqlJsStorage({
        path: join(directory, 'candles.sqlite3'),
        // Tiny segments bring every scenario to their boundaries.
        archive: { segmentCandles: 16, keepRows: 8, bulkCandles: 4, automatic: false },
        clock,
      }),
  },
];
