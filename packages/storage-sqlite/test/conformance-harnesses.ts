import { join } from 'node:path';
import type { HarnessContext } from '@barkeep/conformance';
import type { StorageHarness } from '@barkeep/conformance/storage';
import { SqliteStorage, type SqliteStorageOptions } from '../src/index.ts';

const TINY = 'storage-sqlite, tiny segments';
/** Tiny segments bring every scenario to their boundaries. */
const VARIANTS: Readonly<Record<string, Pick<SqliteStorageOptions, 'archive' | 'readers'>>> = {
  'storage-sqlite': {},
  [TINY]: {
    archive: {
      segmentCandles: 16,
      keepRows: 8,
      bulkCandles: 4,
      // Or explain would race with what goes on by itself; that is for the tests of the engine.
      automatic: false,
    },
    readers: 1,
  },
  'storage-sqlite, rows only, one connection': { archive: 'off', readers: 0 },
};

/** In a module of its own, because processes that the suite starts read it, too. */
export const harnesses: readonly StorageHarness[] = Object.entries(VARIANTS).map(
  ([name, variant]) => ({
    name,
    module: import.meta.url,
    // Small models are rows by default too: most of the runs go where there are segments.
    model: { runs: name === TINY ? 700 : 200 },
    create: ({ clock, directory }: HarnessContext) =>
      new SqliteStorage({ path: join(directory, 'candles.sqlite3'), ...variant, clock }),
    createAt: (path: string, { clock }: HarnessContext) =>
      new SqliteStorage({ path, ...variant, clock }),
  }),
);
