import { writeSync } from 'node:fs';
import { join } from 'node:path';
import type { StorageHarness } from '@barkeep/conformance/storage';
import { LineStorage } from './line-storage.ts';

/** A storage whose disk can be made to fail. */
export class FailingLineStorage extends LineStorage {
  fault: 'disk full' | 'sync fails' | 'killed' | undefined;

  protected override append(file: number, bytes: Uint8Array, position: number): void {
    if (this.fault !== 'disk full' && this.fault !== 'killed') {
      super.append(file, bytes, position);
      return;
    }
    writeSync(file, bytes, 0, bytes.length - 1, position);
    if (this.fault === 'killed') process.kill(process.pid, 'SIGKILL');
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  }

  protected override sync(file: number): void {
    if (this.fault !== 'sync fails') super.sync(file);
    else throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
  }
}

/** The harness of a kind of LineStorage. */
export function lineHarness(
  name: string,
  Storage: typeof FailingLineStorage,
  sync = true,
): StorageHarness {
  const begin = (fault: FailingLineStorage['fault']) => async (subject: unknown) => {
    if (!(subject instanceof FailingLineStorage)) throw new TypeError('this is another storage');
    subject.fault = fault;
    return () => {
      subject.fault = undefined;
    };
  };
  return {
    name,
    module: import.meta.url,
    create: ({ directory, clock }) =>
      new Storage({ path: join(directory, 'candles.jsonl'), clock, sync }),
    faults: { 'disk full': begin('disk full'), 'sync fails': begin('sync fails') },
    crashes: {
      'half a line': async (subject) => {
        await begin('killed')(subject);
      },
    },
    model: { runs: 60 },
  };
}

export const harnesses: readonly StorageHarness[] = [
  lineHarness('line-storage', FailingLineStorage),
];
