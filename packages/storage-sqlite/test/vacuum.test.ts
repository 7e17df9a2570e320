import { expect, it } from 'vitest';
import { hasTinyDisk, withTinyDisk } from '../../../tools/tiny-disk.ts';
import {
  BTC,
  minutes,
  openStorage,
  rejection,
  START,
  temporaryPath,
} from './temporary-database.ts';

it('ends a vacuum when its signal fires, and nothing has changed', async () => {
  // The thread ends when SQLite's statement has: on a busy machine that takes long.
  const busyTimeoutMs = 60_000;
  const storage = await openStorage(temporaryPath(), { archive: 'off', busyTimeoutMs });
  await storage.candles.write({ key: BTC, candles: minutes(0, 400_000) });
  await storage.candles.remove(BTC, { from: START, to: START + 150_000 * 60_000 });
  const before = await storage.maintenance?.fragmentation();
  const controller = new AbortController();
  const vacuuming = storage.maintenance?.vacuum({ signal: controller.signal });
  setTimeout(() => controller.abort(), 10);
  await expect(vacuuming).rejects.toMatchObject({ code: 'ABORTED' });
  expect((await storage.candles.read(BTC)).length).toBe(250_000);
  await storage.candles.write({ key: BTC, candles: minutes(400_000, 400_001) });
  expect(await storage.integrity?.check()).toMatchObject({ ok: true });
  expect((await storage.maintenance?.fragmentation())?.freePages).toBeGreaterThan(0);
  expect((await storage.maintenance?.vacuum())?.freedBytes).toBeGreaterThan(
    ((before?.freePages ?? 0) * (before?.pageBytes ?? 0)) / 2,
  );
});

it.skipIf(!hasTinyDisk())('begins no vacuum that the disk has no room for', () =>
  withTinyDisk(4_000_000, async ({ directory }) => {
    const storage = await openStorage(`${directory}/market_data.sqlite3`, { archive: 'off' });
    const fill = async (): Promise<never> => {
      for (let from = 0; ; from += 2_000) {
        await storage.candles.write({ key: BTC, candles: minutes(from, from + 2_000) });
        await storage.flush();
        await storage.maintenance?.vacuum();
      }
    };
    const error = await rejection(fill());
    expect(error).toMatchObject({ code: 'DISK_FULL', retryable: true });
    expect(error.message).toContain('incrementalVacuum');
    expect(await storage.integrity?.check()).toMatchObject({ ok: true });
    await storage.close();
  }),
);
