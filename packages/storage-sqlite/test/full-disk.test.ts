/** A disk without room. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ManualClock } from '@barkeep/core';
import type { ChangeEvent } from '@barkeep/storage';
import { expect, it } from 'vitest';
import { hasTinyDisk, withTinyDisk } from '../../../tools/tiny-disk.ts';
import { ChildProcess } from './child-process.ts';
import {
  BTC,
  MINUTE,
  minutes,
  openStorage,
  rejection,
  START,
  temporaryPath,
} from './temporary-database.ts';

it.skipIf(!hasTinyDisk()).each(['process-crash', 'power-loss'] as const)(
  'stores all or nothing when the disk is full, and goes on when there is room: %s',
  (durability) =>
    withTinyDisk(8_000_000, async (disk) => {
      const path = join(disk.directory, 'market_data.sqlite3');
      const storage = await openStorage(path, { durability });
      await storage.candles.write({ key: BTC, candles: minutes(0, 2_000) });

      disk.fill(100_000);
      const covers = { from: START, to: START + 50_000 * MINUTE };
      const fill = () =>
        storage.candles.write({ key: BTC, candles: minutes(1_000, 50_000, 7), covers });
      expect(await rejection(fill())).toMatchObject({ code: 'DISK_FULL', retryable: true });
      expect((await storage.candles.read(BTC)).toArray()).toEqual(minutes(0, 2_000));
      expect(await storage.coverage.of(BTC)).toEqual([]);
      expect(await storage.candles.list()).toMatchObject([{ count: 2_000 }]);
      disk.fill();
      expect(await rejection(fill())).toMatchObject({ code: 'DISK_FULL' });
      expect((await storage.candles.read({ ...BTC, limit: 10 })).length).toBe(10);

      disk.free();
      expect(await fill()).toMatchObject({ inserted: 48_000, updated: 1_000 });
      expect(await storage.integrity?.check()).toMatchObject({ ok: true, candles: 50_000 });
      await storage.close();
      const again = await openStorage(path);
      expect((await again.candles.read({ ...BTC, limit: 49_000 })).toArray()).toEqual(
        minutes(1_000, 50_000, 7),
      );
      await again.close();
    }),
);

it.skipIf(!hasTinyDisk())('tells when a flush finds no room, and closes all the same', () =>
  withTinyDisk(4_000_000, async (disk) => {
    const path = join(disk.directory, 'market_data.sqlite3');
    const storage = await openStorage(path);
    // In the log; the database has to grow before it can take it in.
    await storage.candles.write({ key: BTC, candles: minutes(0, 20_000) });
    disk.fill();
    expect(await rejection(storage.flush())).toMatchObject({ code: 'DISK_FULL' });
    await storage.close();
    disk.free();
    const again = await openStorage(path);
    expect((await again.candles.read(BTC)).toArray()).toEqual(minutes(0, 20_000));
    await again.close();
  }),
);

it.skipIf(!hasTinyDisk()).each([0, 4_096, 34_000])(
  'opens on a disk with %i bytes left: reads work, writes are DISK_FULL until there is room',
  (left) =>
    withTinyDisk(4_000_000, async (disk) => {
      const path = join(disk.directory, 'market_data.sqlite3');
      const before = await openStorage(path, { readers: 0 });
      await before.candles.write({ key: BTC, candles: minutes(0, 2_000) });
      await before.close();

      disk.fill(left);
      const storage = await openStorage(path, { readers: 1 });
      const write = () => storage.candles.write({ key: BTC, candles: minutes(1_000, 3_000, 7) });
      expect((await storage.candles.read(BTC)).toArray()).toEqual(minutes(0, 2_000));
      expect(await storage.integrity?.check()).toMatchObject({ ok: true, candles: 2_000 });
      expect(await storage.maintenance?.explain()).toMatchObject({ series: 0 });
      expect(await rejection(write())).toMatchObject({ code: 'DISK_FULL', retryable: true });
      expect((await storage.candles.read(BTC)).toArray()).toEqual(minutes(0, 2_000));

      disk.free();
      expect(await write()).toMatchObject({ inserted: 1_000, updated: 1_000 });
      // With room, others may have the database open too.
      const other = await openStorage(path, { readers: 0 });
      await other.candles.write({ key: BTC, candles: minutes(3_000, 3_010) });
      expect((await storage.candles.read(BTC)).length).toBe(3_010);
      await Promise.all([other.close(), storage.close()]);
    }),
);

it.skipIf(!hasTinyDisk())(
  'reads on a full disk what a process that was killed left in its WAL',
  () =>
    withTinyDisk(16_000_000, async (disk) => {
      const path = join(disk.directory, 'market_data.sqlite3');
      const child = new ChildProcess('write-batches.ts', [path]);
      expect(await child.line()).toBe('ready');
      child.send('x');
      await child.line();
      await child.kill();
      rmSync(`${path}-shm`);
      disk.fill();
      const storage = await openStorage(path, { readers: 0 });
      expect((await storage.candles.list()).map(({ symbol }) => symbol)).toEqual(['x-a', 'x-b']);
      expect(await storage.integrity?.check()).toMatchObject({ ok: true });
      await storage.close();
    }),
);

it.skipIf(!hasTinyDisk())('does not make a database on a full disk: DISK_FULL', () =>
  withTinyDisk(1_000_000, async (disk) => {
    const path = join(disk.directory, 'market_data.sqlite3');
    disk.fill();
    expect((await rejection(openStorage(path))).code).toBe('DISK_FULL');
    disk.free();
    const storage = await openStorage(path);
    expect(await storage.candles.list()).toEqual([]);
    await storage.close();
  }),
);

it.skipIf(!hasTinyDisk())('leaves nothing of it to the next database of the thread', () =>
  withTinyDisk(4_000_000, async (disk) => {
    const full = join(disk.directory, 'market_data.sqlite3');
    const made = await openStorage(full);
    await made.candles.write({ key: BTC, candles: minutes(0, 100) });
    await made.close();
    disk.fill();
    const alone = await openStorage(full, { readers: 0 });
    disk.free();
    // It shares the database again, and may have missed what others did before.
    await alone.candles.write({ key: BTC, candles: minutes(100, 101) });
    await alone.close();

    const clock = new ManualClock();
    const storage = await openStorage(temporaryPath(), { clock, readers: 0, changePollMs: 1_000 });
    const events: ChangeEvent[] = [];
    const unsubscribe = storage.changes.subscribe((event) => events.push(event));
    clock.advance(1_000);
    await storage.candles.list();
    expect(events).toEqual([]);
    unsubscribe();
  }),
);
