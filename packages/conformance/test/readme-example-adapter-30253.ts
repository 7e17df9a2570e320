import { runStorageConformance } from '@barkeep/conformance/storage';
import { MyStorage } from './my-storage.ts';

const { passed, failed, skipped } = await runStorageConformance({
  name: 'my-storage',
  create: async ({ id, clock }) => new MyStorage({ path: `${id}.db`, clock }),
  reopen: async (_, { id, clock }) => new MyStorage({ path: `${id}.db`, clock }),
});
console.log(`${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`);
for (const { key, error } of failed) console.error(key, error);
process.exitCode = failed.length === 0 ? 0 : 1;
