/** A page that SQLite cannot read, in a database that users open as ever. */
import { readFileSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { expect, it, vi } from 'vitest';
import {
  BTC,
  MINUTE,
  minutes,
  openStorage,
  rejection,
  START,
  temporaryPath,
} from './temporary-database.ts';

const EVER = { from: START, to: START + 10_000 * MINUTE };

/** With the last page of a table's rows overwritten by zeros. */
async function damagedDatabase(table: string, candles: number): Promise<string> {
  const path = temporaryPath();
  const storage = await openStorage(path, { archive: 'off' });
  const covers = { from: START, to: START + candles * MINUTE };
  await storage.candles.write({ key: BTC, candles: minutes(0, candles), covers });
  await storage.close();
  const database = new Database(path);
  const page = database
    .prepare<[string], { pageno: number }>(
      "SELECT max(pageno) AS pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'",
    )
    .get(table);
  database.close();
  const bytes = readFileSync(path);
  const start = ((page?.pageno ?? 1) - 1) * 4_096;
  writeFileSync(path, bytes.fill(0, start, start + 4_096));
  return path;
}

it('opens, reports the damage without being asked, and never calls what is left complete', async () => {
  const storage = await openStorage(await damagedDatabase('candle_rows', 2_000), {
    archive: 'off',
  });
  await vi.waitFor(async () => {
    const { background } = await storage.stats();
    expect(background.lastFailure?.error).toMatchObject({ code: 'CORRUPT' });
  });
  expect(await rejection(storage.candles.read(BTC))).toMatchObject({ code: 'CORRUPT' });
  const report = await storage.integrity?.check();
  expect(report?.problems).toContainEqual(
    expect.objectContaining({ kind: 'damaged', repair: 'restore-backup', table: 'candle_rows' }),
  );
  const repaired = await storage.integrity?.repair();
  expect(repaired?.series).toEqual([BTC]);
  expect(repaired?.remaining.length).toBeGreaterThan(0);
  expect(await storage.coverage.of(BTC)).toEqual([]);
  // What is on other pages can still be read.
  const first = await storage.candles.read({ ...BTC, ...EVER, limit: 10, take: 'first' });
  expect(first.toArray()).toEqual(minutes(0, 10));
});

it('still reads candles where the ledger of coverage is what is damaged, and refuses coverage', async () => {
  const storage = await openStorage(await damagedDatabase('coverage', 2_000), { archive: 'off' });
  expect(await storage.integrity?.check()).toMatchObject({ ok: false, candles: 2_000 });
  const repaired = await storage.integrity?.repair();
  expect(repaired?.remaining).toContainEqual(
    expect.objectContaining({ repair: 'restore-backup', table: 'coverage' }),
  );
  expect((await storage.candles.read(BTC)).toArray()).toEqual(minutes(0, 2_000));
  expect(await rejection(storage.coverage.of(BTC))).toMatchObject({ code: 'CORRUPT' });
});
