import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { budget } from '../../../tools/test-budget.ts';
import { BTC, openStorage, temporaryPath } from './temporary-database.ts';

const ROUNDS = budget(4);
const CHILD = join(import.meta.dirname, 'children', 'save-forever.ts');

/** Runs the child until it has flushed a few times, then kills it at some instant of a save. */
function killed(path: string, extraMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...process.execArgv, CHILD, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // Each round loads the same modules: compiling them once is enough.
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'barkeep-compile-cache') },
    });
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = printed.split('\n').length;
      printed += chunk.toString();
      if (lines < 5 && printed.split('\n').length >= 5) {
        setTimeout(() => child.kill('SIGKILL'), extraMs);
      }
    });
    child.on('error', reject);
    child.on('close', () => resolve(Number(printed.trim().split('\n').at(-1))));
  });
}

it('has all that was flushed after kill -9, whole', async () => {
  const path = temporaryPath();
  for (let round = 0; round < ROUNDS; round += 1) {
    const flushed = await killed(path, (round * 7) % 60);
    const storage = await openStorage(path);
    const { length, volume } = await storage.candles.read(BTC);
    expect(length).toBeGreaterThanOrEqual(flushed);
    expect([...volume]).toEqual(Array.from({ length }, (_, i) => i));
    expect(await storage.integrity?.check()).toMatchObject({ ok: true });
    await storage.close();
    expect(readdirSync(dirname(path))).toEqual([basename(path)]);
  }
});
