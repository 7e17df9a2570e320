import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskCache } from '@barkeep/cache-disk';
import type { HarnessContext, KeptPlace } from '@barkeep/conformance';
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

/** Changes the file of an entry. */
function spoiling(spoil: (file: Buffer) => Buffer) {
  return ({ name }: KeptPlace, { id }: HarnessContext): void => {
    const digest = createHash('sha256').update(Buffer.from(name, 'utf16le')).digest('hex');
    const path = join(directory, id, `${digest}.bkc`);
    writeFileSync(path, spoil(readFileSync(path)));
  };
}

registerCacheConformance({
  name: 'cache-disk',
  model: { runs: 100 },
  create: async (context) => create(context),
  damages: {
    'a file that was cut off': spoiling((file) => file.subarray(0, -1)),
    'a file of another program': spoiling(() => Buffer.from('foreign')),
    'a file of another version': spoiling((file) => Buffer.concat([file.subarray(0, 4), file])),
    'an empty file': spoiling(() => Buffer.alloc(0)),
  },
});
