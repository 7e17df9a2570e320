import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { ManualClock } from '@barkeep/core';
import { createMarketData } from '@barkeep/market-data';
import { SqliteStorage } from '@barkeep/storage-sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { budget } from '../../../tools/test-budget.ts';
import { FakeExchange } from './fake-exchange.ts';
import { KEY, MINUTE, minutes, NOON } from './fixtures.ts';

const ROUNDS = budget(3);
const PERIODS = 30_000;
const RETENTION = [{ timeframe: '1m', keep: '2d' }] as const;
/** Two days are 2,880 minutes, and the floor is on the grid of strides of 64. */
const KEPT = 2_896;

/** Runs retention in a process of its own, and kills that after so many steps, in the midst of the next. */
async function killAfter(steps: number, path: string): Promise<void> {
  const child = spawn(
    process.execPath,
    ['--conditions=@barkeep/typescript', '--input-type=module-typescript'],
    {
      cwd: resolve(import.meta.dirname, '..'),
      timeout: 20_000,
      killSignal: 'SIGTERM',
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  child.stdin.end(`
    import { ManualClock } from '@barkeep/core';
    import { createMarketData } from '@barkeep/market-data';
    import { SqliteStorage } from '@barkeep/storage-sqlite';
    const clock = new ManualClock(${NOON + MINUTE / 2});
    const storage = new SqliteStorage({ path: ${JSON.stringify(path)}, clock });
    await storage.open();
    const service = await createMarketData({ storage, clock, retention: ${JSON.stringify(RETENTION)} });
    console.log('open');
    for await (const step of service.retentionSteps({ candlesPerStep: 200 })) console.log(step.candles);
    console.log('done');
    setInterval(() => {}, 1_000);
  `);
  let lines = 0;
  createInterface(child.stdout).on('line', () => {
    lines += 1;
    if (lines > steps) child.kill('SIGKILL');
  });
  const ended = new Promise<string | null>((done) => {
    child.once('close', (_, signal) => done(signal));
  });
  const [errors, signal] = await Promise.all([text(child.stderr), ended]);
  expect({ signal, errors }).toEqual({ signal: 'SIGKILL', errors: '' });
}

it('a process that is killed in the midst of it leaves nothing missing, and nothing lost', {
  timeout: budget(60_000),
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'barkeep-retention-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const clock = new ManualClock(NOON + MINUTE / 2);
  const exchange = new FakeExchange({ clock });
  const whole = { from: minutes(-PERIODS), to: NOON };
  const candles = exchange.candles(KEY, whole.from, whole.to);
  for (let round = 0; round < ROUNDS; round += 1) {
    const path = join(directory, `${round}.sqlite3`);
    const storage = new SqliteStorage({ path, clock });
    await storage.open();
    await storage.candles.write({ key: KEY, candles, covers: whole });
    await storage.close();
    await killAfter(Math.floor((round * 140) / ROUNDS), path);

    const after = new SqliteStorage({ path, clock });
    await after.open();
    expect(await after.integrity?.check()).toMatchObject({ ok: true });
    const fetching = { settlingMs: 0 };
    const parts = { storage: after, clock, coordinator: exchange, fetching };
    const service = await createMarketData({ ...parts, retention: RETENTION });
    const left = await service.getCandles({ ...KEY, ...whole });
    const { retainedFrom = whole.from } = left;
    expect(left.missing).toEqual([]);
    const expected = candles.filter(({ timestamp }) => timestamp >= retainedFrom);
    expect(left.series.between(retainedFrom, NOON).toArray()).toEqual(expected);
    await service.applyRetention();
    const { series, range } = await service.getCandles({ ...KEY, ...whole });
    expect(series.length).toBe(KEPT);
    expect(range).toEqual({ from: minutes(-KEPT), to: NOON });
    expect(exchange.requests).toEqual([]);
    await service.close();
    await after.close();
  }
});
