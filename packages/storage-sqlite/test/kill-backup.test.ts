/** Processes that are killed while they back up or restore. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sqliteBackups } from '@barkeep/storage-sqlite';
import { expect, it } from 'vitest';
import { budget } from '../../../tools/test-budget.ts';
import { ChildProcess } from './child-process.ts';
import { BTC, minutes, openStorage, temporaryDirectory } from './temporary-database.ts';

const ROUNDS = budget(6);
const CANDLES = 60_000;
const ADDED = { symbol: 'added', timeframe: '1m' } as const;

it(
  'leaves whole backups and a sound database when killed while it backs up',
  async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'market_data.sqlite3');
    const storage = await openStorage(path, { readers: 0 });
    await storage.candles.write({ key: BTC, candles: minutes(0, CANDLES) });
    await storage.close();
    let next = new ChildProcess('back-up-again.ts', [path, directory]);
    for (let round = 0; round < ROUNDS; round += 1) {
      const child = next;
      expect(await child.line()).toBe('ready');
      child.send(`round-${round}`);
      await moment();
      await child.kill();
      next = new ChildProcess('back-up-again.ts', [path, directory]);
      const acknowledged = await child.rest();
      for (const made of acknowledged) expect(existsSync(made)).toBe(true);
      const whole = readdirSync(directory).filter((name) => name.startsWith(`round-${round}-`));
      expect(whole.length).toBeGreaterThanOrEqual(acknowledged.length);
      for (const name of whole) {
        const { ok, backup } = await sqliteBackups.verify(join(directory, name));
        expect([ok, backup?.candles]).toEqual([true, CANDLES]);
      }
    }
    await next.kill();
    const again = await openStorage(path, { readers: 0 });
    expect(await again.integrity?.check()).toMatchObject({ ok: true, candles: CANDLES });
    await again.backup?.create({ to: join(directory, 'last.sqlite3') });
    expect(readdirSync(directory).filter((name) => name.includes('partial'))).toEqual([]);
  },
  budget(60_000),
);

it(
  'leaves the old database or the new one, whole, when killed while it restores',
  async () => {
    const directory = temporaryDirectory();
    const backups = [1, 2].map((price) => join(directory, `${price}.backup`));
    for (const [i, to] of backups.entries()) {
      const storage = await openStorage(join(directory, `${i}.sqlite3`), { readers: 0 });
      await storage.candles.write({ key: BTC, candles: minutes(0, CANDLES * (i + 1), i + 1) });
      await storage.backup?.create({ to });
      await storage.close();
    }
    const to = join(directory, 'restored.sqlite3');
    await sqliteBackups.restore({ from: backups[0] ?? '', to });
    const start = () => new ChildProcess('restore-again.ts', [...backups, to]);
    let next = start();
    for (let round = 0; round < ROUNDS; round += 1) {
      const child = next;
      expect(await child.line()).toBe('ready');
      child.send('go');
      await moment();
      await child.kill();
      next = start();
      const storage = await openStorage(to, { readers: 0 });
      const [candles, added] = await storage.candles.readMany([{ ...BTC }, ADDED]);
      const price = candles?.close[0] ?? 0;
      expect(candles?.length).toBe(CANDLES * price);
      expect(new Set(candles?.close)).toEqual(new Set([price]));
      // The log of one is never applied to the other.
      expect([[], [price]]).toContainEqual([...(added?.close ?? [])]);
      expect(await storage.integrity?.check()).toMatchObject({ ok: true });
      await storage.close();
    }
    await next.kill();
    await sqliteBackups.restore({ from: backups[0] ?? '', to, overwrite: true });
    expect(readdirSync(directory).filter((name) => name.includes('partial'))).toEqual([]);
  },
  budget(60_000),
);

/** Some of it is before the first backup, some within the third. */
function moment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * 600));
}
