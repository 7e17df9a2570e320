import { join } from 'node:path';
import type { StorageHarness } from '@barkeep/conformance/storage';
import { ArrayStorage } from './array-storage.ts';

export const harnesses: readonly StorageHarness[] = [
  {
    name: 'array-storage',
    module: import.meta.url,
    model: { runs: 40 },
    create: ({ clock, directory }) => new ArrayStorage({ path: join(directory, 'candles'), clock }),
  },
];
