import { registerCacheConformance } from '@barkeep/conformance/cache/vitest';
import { MemoryCache } from '../src/index.ts';

const bounds = { maxEntries: 200, maxBytes: 4 * 1_024 * 1_024 };

registerCacheConformance({
  name: 'cache-memory',
  create: async ({ clock }) => new MemoryCache({ clock, ...bounds }),
});

registerCacheConformance({
  name: 'cache-memory, with values encoded',
  create: async ({ clock }) => new MemoryCache({ clock, ...bounds, encodeAboveBytes: 0 }),
});
