import { registerStorageConformance } from '@barkeep/conformance/storage/vitest';
import { MemoryStorage } from '@barkeep/storage-memory';
import { budget } from '../../../tools/test-budget.ts';

registerStorageConformance({
  name: 'storage-memory',
  create: async ({ clock }) => new MemoryStorage({ clock }),
  model: { runs: Math.min(3_000, budget(300)) },
});
