import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyvCache } from '@barkeep/cache-keyv';
import type { HarnessContext } from '@barkeep/conformance';
import { registerCacheConformance } from '@barkeep/conformance/cache/vitest';
import KeyvSqlite from '@keyv/sqlite';
import { Keyv } from 'keyv';
import { afterAll } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'barkeep-cache-keyv-'));
const uri = `sqlite://${join(directory, 'cache.sqlite')}`;
const store = new KeyvSqlite({ uri, wal: true });
// What a power cut leaves is the store's own matter.
await store.query('PRAGMA synchronous = OFF');
const keyv = new Keyv({ store });

afterAll(async () => {
  await keyv.disconnect();
  rmSync(directory, { recursive: true, force: true });
});

const create = ({ clock, id }: HarnessContext) =>
  new KeyvCache({ keyv, clock, namespace: id, sharing: 'multi-process', persistent: true });

registerCacheConformance({
  name: 'cache-keyv (SQLite on Keyv 6)',
  model: { runs: 10 },
  create: async (context) => create(context),
});
