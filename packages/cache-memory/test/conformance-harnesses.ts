import type { CacheHarness } from '@barkeep/conformance/cache';
import { MemoryCache } from '../src/index.ts';

const bounds = { maxEntries: 2_200, maxBytes: 4 * 1_024 ** 2 };

export const harnesses: readonly CacheHarness[] = [
  {
    name: 'cache-memory',
    create: ({ clock }) => new MemoryCache({ clock, ...bounds }),
  },
  {
    name: 'cache-memory, with values encoded',
    create: ({ clock }) => new MemoryCache({ clock, ...bounds, encodeAboveBytes: 0 }),
  },
];
