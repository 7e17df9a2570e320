import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerStorageConformance } from '@barkeep/conformance/storage/vitest';
import { SqliteStorage } from '@barkeep/storage-sqlite';

const directory = mkdtempSync(join(tmpdir(), 'barkeep-conformance-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

registerStorageConformance({
  name: 'storage-sqlite',
  create: async ({ clock, id }) => new SqliteStorage({ path: join(directory, id), clock }),
  reopen: async (_, { clock, id }) => new SqliteStorage({ path: join(directory, id), clock }),
});
