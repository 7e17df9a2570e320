import { registerStorageConformance } from '@barkeep/conformance/storage/vitest';
import { MemoryStorage } from '@barkeep/storage-memory';

registerStorageConformance({
  name: 'storage-memory',
  create: async ({ clock }) => new MemoryStorage({ clock }),
});
