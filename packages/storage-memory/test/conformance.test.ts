import { testStorageConformance } from '@barkeep/conformance/storage/vitest';
import { MemoryStorage } from '@barkeep/storage-memory';

testStorageConformance({
  name: 'storage-memory',
  create: async ({ clock }) => new MemoryStorage({ clock }),
});
