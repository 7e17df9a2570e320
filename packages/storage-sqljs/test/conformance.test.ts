import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HarnessContext } from '@barkeep/conformance';
import { registerStorageConformance } from '@barkeep/conformance/storage/vitest';
import { SqlJsStorage } from '@barkeep/storage-sqljs';

const directory = mkdtempSync(join(tmpdir(), 'barkeep-sqljs-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

const create = ({ clock, id }: HarnessContext) =>
  new SqlJsStorage({
    path: join(directory, id),
    // Tiny segments bring every scenario to their boundaries.
    archive: { segmentCandles: 16, keepRows: 8, bulkCandles: 4, automatic: false },
    clock,
  });

registerStorageConformance({
  name: 'storage-sqljs, tiny segments',
  model: { runs: 100 },
  create: async (context) => create(context),
  reopen: async (_, context) => create(context),
});
