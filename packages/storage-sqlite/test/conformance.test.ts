import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { HarnessContext } from '@barkeep/conformance';
import { registerStorageConformance } from '@barkeep/conformance/storage/vitest';
import { type ArchiveOption, SqliteStorage } from '@barkeep/storage-sqlite';

const directory = mkdtempSync(join(tmpdir(), 'barkeep-conformance-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

const TINY = 'storage-sqlite, tiny segments';
/** Tiny segments bring every scenario to their boundaries. */
const ARCHIVES: Readonly<Record<string, ArchiveOption | undefined>> = {
  'storage-sqlite': undefined,
  [TINY]: {
    segmentCandles: 16,
    keepRows: 8,
    bulkCandles: 4,
    // Or explain would race with what goes on by itself; that is for the tests of the engine.
    automatic: false,
  },
  'storage-sqlite, rows only': 'off',
};

for (const [name, archive] of Object.entries(ARCHIVES)) {
  const create = ({ clock, id }: HarnessContext) =>
    new SqliteStorage({ path: join(directory, `${name} ${id}`), archive, clock });
  registerStorageConformance({
    name,
    // Small models are rows by default too: most of the runs go where there are segments.
    model: { runs: name === TINY ? 1_000 : 300 },
    create: async (context) => create(context),
    reopen: async (_, context) => create(context),
    backups: {
      path: (file, { id }) => {
        const path = join(directory, `${name} ${id} backups`, file);
        mkdirSync(dirname(path), { recursive: true });
        return path;
      },
      open: (path, { clock }) => new SqliteStorage({ path, archive, clock }),
    },
  });
}
