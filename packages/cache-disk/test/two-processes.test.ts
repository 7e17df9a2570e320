import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const CHILD = join(import.meta.dirname, 'children', 'hammer.ts');

it('never gives a wrong value while two processes use one directory', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-cache-disk-'));
  try {
    const outputs = await Promise.all(
      ['one', 'other'].map((name) =>
        promisify(execFile)(process.execPath, [...process.execArgv, CHILD, directory, name]),
      ),
    );
    for (const { stdout } of outputs) {
      const { hits, failures } = JSON.parse(stdout);
      expect(hits).toBeGreaterThan(100);
      expect(failures).toBe(0);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
