import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskCache } from '@barkeep/cache-disk';
import type { HarnessContext } from '@barkeep/conformance';
import { registerCacheConformance } from '@barkeep/conformance/cache/vitest';

const directory = mkdtempSync(join(tmpdir(), 'barkeep-cache-disk-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

const create = ({ clock, id }: HarnessContext) =>
  new DiskCache({
    directory: join(directory, id),
    clock,
    maxEntries: 200,
    maxBytes: 4 * 1_024 ** 2,
  });

registerCacheConformance({
  name: 'cache-disk',
  model: { runs: 100 },
  create: async (context) => create(context),
  reopen: async (_, context) => create(context),
});
