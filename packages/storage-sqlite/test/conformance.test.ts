import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { HarnessContext } from '@barkeep/conformance';
import { registerStorageConformance } from '@barkeep/conformance/storage/vitest';
import { SqliteStorage, type SqliteStorageOptions } from '@barkeep/storage-sqlite';

const directory = mkdtempSync(join(tmpdir(), 'barkeep-conformance-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

const TINY = 'storage-sqlite, tiny segments';
/** Tiny segments bring every scenario to their boundaries. */
const VARIANTS: Readonly<Record<string, Pick<SqliteStorageOptions, 'archive' | 'readers'>>> = {
  'storage-sqlite': {},
  [TINY]: {
    archive: {
      segmentCandles: 16,
      keepRows: 8,
      bulkCandles: 4,
      // Or explain would race with what goes on by itself; that is for the tests of the engine.
      automatic: false,
    },
    readers: 1,
  },
  'storage-sqlite, rows only, one connection': { archive: 'off', readers: 0 },
};

for (const [name, variant] of Object.entries(VARIANTS)) {
  const create = ({ clock, id }: HarnessContext) =>
    new SqliteStorage({ path: join(directory, `${name} ${id}`), ...variant, clock });
  registerStorageConformance({
    name,
    // Small models are rows by default too: most of the runs go where there are segments.
    model: { runs: name === TINY ? 700 : 200 },
    create: async (context) => create(context),
    reopen: async (_, context) => create(context),
    backups: {
      path: (file, { id }) => {
        const path = join(directory, `${name} ${id} backups`, file);
        mkdirSync(dirname(path), { recursive: true });
        return path;
      },
      open: (path, { clock }) => new SqliteStorage({ path, ...variant, clock }),
    },
  });
}
