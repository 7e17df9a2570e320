import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@barkeep/core';
import { createMarketData } from '@barkeep/market-data';
import { SqliteStorage } from '@barkeep/storage-sqlite';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { FakeExchange } from './fake-exchange.ts';
import { KEY, MINUTE, minutes, NOON } from './fixtures.ts';

function temporaryPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-damaged-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'market_data.sqlite3');
}

/** Flips one bit in the middle of the second segment, as a failing disk would. */
function damageSecondSegment(path: string): { readonly from: number; readonly to: number } {
  const database = new Database(path);
  const [id, from, last, data] =
    database
      .prepare<[], [number, number, number, Buffer]>(
        'SELECT id, first, last, data FROM segments ORDER BY first LIMIT 1 OFFSET 1',
      )
      .raw()
      .get() ?? expect.unreachable('there is no second segment');
  const middle = data.length >>> 1;
  data[middle] = (data[middle] ?? 0) ^ 4;
  database.prepare('UPDATE segments SET data = ? WHERE id = ?').run(data, id);
  database.close();
  return { from, to: last + MINUTE };
}

it('heals a damaged segment by fetching exactly its interval again', async () => {
  const path = temporaryPath();
  const clock = new ManualClock(NOON + MINUTE / 2);
  const exchange = new FakeExchange({ clock });
  const archive = { segmentCandles: 256, keepRows: 32, bulkCandles: 64 };
  const storage = new SqliteStorage({ path, clock, archive });
  await using service = await createMarketData({ storage, coordinator: exchange, clock });
  const query = { ...KEY, from: minutes(-1_500), to: minutes(-100) };
  const { series: original } = await service.getCandles(query);
  expect(original.length).toBe(1_400);
  exchange.takeIntervals();

  const { from, to } = damageSecondSegment(path);
  // What is in the caches of the service is whole: a look at the disk needs another one.
  const other = new SqliteStorage({ path, clock, archive });
  await using cold = await createMarketData({ storage: other, coordinator: exchange, clock });
  await expect(cold.getCandles(query)).rejects.toMatchObject({
    code: 'CORRUPT',
    details: { ...KEY, from, to },
  });
  expect(exchange.takeIntervals()).toEqual([]);

  expect(await other.integrity?.quarantine()).toMatchObject({
    candles: (to - from) / MINUTE,
    runs: [{ key: KEY, interval: { from, to } }],
  });
  const { series: healed, missing } = await cold.getCandles(query);
  expect(exchange.takeIntervals()).toEqual([[from, to]]);
  expect(missing).toEqual([]);
  expect(healed.equals(original)).toBe(true);
  expect(await other.integrity?.check()).toMatchObject({ ok: true });
});

it('removes a damaged segment with what is no longer kept', async () => {
  const path = temporaryPath();
  const clock = new ManualClock(NOON + MINUTE / 2);
  const exchange = new FakeExchange({ clock });
  const archive = { segmentCandles: 256, keepRows: 32, bulkCandles: 64 };
  {
    const storage = new SqliteStorage({ path, clock, archive });
    await using service = await createMarketData({ storage, coordinator: exchange, clock });
    await service.getCandles({ ...KEY, from: minutes(-1_500), to: minutes(0) });
  }
  damageSecondSegment(path);
  const storage = new SqliteStorage({ path, clock, archive });
  const retention = [{ keep: '10h' }];
  await using service = await createMarketData({ storage, clock, retention });
  const [series] = (await service.applyRetention()).series;
  expect(series).toMatchObject({ retainedFrom: minutes(-608), error: undefined });
  expect(await storage.integrity?.check()).toMatchObject({ ok: true, candles: 608 });
});
