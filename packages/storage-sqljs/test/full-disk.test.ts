/** A disk without room, in truth; the same with injected faults is in interrupted-save.test.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ManualClock } from '@barkeep/core';
import Database from 'better-sqlite3';
import { afterAll, expect, it, vi } from 'vitest';
import { hasTinyDisk, withTinyDisk } from '../../../tools/tiny-disk.ts';
import { OtherProgram } from './other-program.ts';
import { BTC, minutes, openStorage, rejection, START } from './temporary-database.ts';

const other = new OtherProgram();
afterAll(() => other.kill());

it.skipIf(!hasTinyDisk())('saves when there is room again, and keeps the file until then', () =>
  withTinyDisk(2_000_000, async (disk) => {
    const path = join(disk.directory, 'market_data.sqlite3');
    const clock = new ManualClock(START);
    const storage = await openStorage(path, { clock });
    await storage.candles.write({ key: BTC, candles: minutes(0, 10) });
    await storage.flush();
    const before = readFileSync(path);

    disk.fill(50_000);
    await storage.candles.write({ key: BTC, candles: minutes(10, 20_000) });
    const failure = { code: 'DISK_FULL', retryable: true, details: { path } };
    expect(await rejection(storage.flush())).toMatchObject(failure);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(disk.directory).sort()).toEqual(['ballast', 'market_data.sqlite3']);
    expect((await storage.candles.read(BTC)).length).toBe(20_000);
    expect(await rejection(storage.flush())).toMatchObject(failure);

    disk.free();
    clock.advance(1_000);
    await vi.waitFor(() => expect(readFileSync(path).equals(before)).toBe(false));
    await storage.flush();
    await storage.close();
    const again = await openStorage(path);
    expect((await again.candles.read(BTC)).toArray()).toEqual(minutes(0, 20_000));
    await again.close();
  }),
);

it.skipIf(!hasTinyDisk())('cannot keep a new database without room, and says so on close', () =>
  withTinyDisk(1_000_000, async (disk) => {
    disk.fill();
    const path = join(disk.directory, 'market_data.sqlite3');
    const storage = await openStorage(path);
    await storage.candles.write({ key: BTC, candles: minutes(0, 10) });
    expect(await rejection(storage.close())).toMatchObject({ code: 'DISK_FULL' });
    expect(storage.state).toBe('closed');
    expect(readdirSync(disk.directory)).toEqual(['ballast']);
  }),
);

it.skipIf(!hasTinyDisk())('reads a database in WAL mode where there is no room to end that', () =>
  withTinyDisk(2_000_000, async (disk) => {
    const path = join(disk.directory, 'market_data.sqlite3');
    const first = await openStorage(path);
    await first.candles.write({ key: BTC, candles: minutes(0, 10) });
    await first.close();
    const native = new Database(path);
    native.pragma('journal_mode = WAL');
    native.close();
    disk.fill();
    const storage = await openStorage(path, { saveDelayMs: 3_600_000 });
    expect((await storage.candles.read(BTC)).toArray()).toEqual(minutes(0, 10));
    await storage.candles.write({ key: BTC, candles: minutes(10, 20) });
    expect(await rejection(storage.flush())).toMatchObject({ code: 'DISK_FULL' });

    disk.free();
    expect(await other.does({ do: 'exec', path, sql: 'BEGIN IMMEDIATE' })).toBe('SQLITE_BUSY');
    await storage.flush();
    await storage.close();
    const again = await openStorage(path);
    expect((await again.candles.read(BTC)).toArray()).toEqual(minutes(0, 20));
    expect(readdirSync(disk.directory)).toEqual(['market_data.sqlite3']);
    await again.close();
  }),
);
