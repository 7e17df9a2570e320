import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DiskCache } from '@barkeep/cache-disk';
import type { HarnessContext, KeptPlace } from '@barkeep/conformance';
import type { CacheHarness } from '@barkeep/conformance/cache';

const entriesOf = ({ directory }: HarnessContext): string => join(directory, 'entries');

/** Changes the file of an entry. */
function spoiling(spoil: (file: Buffer) => Buffer) {
  return ({ name }: KeptPlace, context: HarnessContext): void => {
    const digest = createHash('sha256').update(Buffer.from(name, 'utf16le')).digest('hex');
    const path = join(entriesOf(context), `${digest}.bkc`);
    writeFileSync(path, spoil(readFileSync(path)));
  };
}

/** Puts a file where the directory of the entries was, until the function that it returns is called. */
async function replaceDirectory(_: unknown, context: HarnessContext): Promise<() => void> {
  const [directory, aside, file] = ['', '-aside', '-file'].map((end) => entriesOf(context) + end);
  renameSync(`${directory}`, `${aside}`);
  writeFileSync(`${directory}`, 'no directory');
  return () => {
    renameSync(`${directory}`, `${file}`);
    renameSync(`${aside}`, `${directory}`);
  };
}

/** In a module of its own, because processes that the suite starts read it, too. */
export const harnesses: readonly CacheHarness[] = [
  {
    name: 'cache-disk',
    module: import.meta.url,
    model: { runs: 100 },
    create: (context) =>
      new DiskCache({
        directory: entriesOf(context),
        clock: context.clock,
        maxEntries: 520,
        maxBytes: 4 * 1_024 ** 2,
      }),
    faults: { 'a directory that is none any more': replaceDirectory },
    damages: {
      'a file that was cut off': spoiling((file) => file.subarray(0, -1)),
      'a file of another program': spoiling(() => Buffer.from('foreign')),
      'a file of another version': spoiling((file) => Buffer.concat([file.subarray(0, 4), file])),
      'an empty file': spoiling(() => Buffer.alloc(0)),
    },
  },
];
