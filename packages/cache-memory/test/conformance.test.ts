import { registerCacheConformance } from '@barkeep/conformance/cache/vitest';
import { MemoryCache } from '../src/index.ts';

registerCacheConformance({
  name: 'cache-memory',
  create: async ({ clock }) =>
    new MemoryCache({ clock, maxEntries: 200, maxBytes: 4 * 1_024 * 1_024 }),
});
