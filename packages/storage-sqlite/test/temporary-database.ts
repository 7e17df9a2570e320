import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BarkeepError, type Candle, type SeriesKey } from '@barkeep/core';
import { SqliteStorage, type SqliteStorageOptions } from '@barkeep/storage-sqlite';
import { expect, onTestFinished } from 'vitest';

export const BTC: SeriesKey = { symbol: 'KRW-BTC', timeframe: '1m' };
export const MINUTE = 60_000;
export const START = Date.UTC(2026, 0, 1);

/** A directory that goes away with the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-sqlite-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A path for a database that goes away with the test. */
export function temporaryPath(): string {
  return join(temporaryDirectory(), 'market_data.sqlite3');
}

/** An opened storage, closed with the test. */
export async function openStorage(
  path: string,
  options: Partial<SqliteStorageOptions> = {},
): Promise<SqliteStorage> {
  const storage = new SqliteStorage({ path, busyTimeoutMs: 100, ...options });
  onTestFinished(() => storage.close());
  await storage.open();
  return storage;
}

/** Candles of the minutes `[from, to)` since START. */
export function minutes(from: number, to: number, price = 100): Candle[] {
  return Array.from({ length: to - from }, (_, i) => ({
    timestamp: START + (from + i) * MINUTE,
    open: price,
    high: price + 0.1,
    low: price / 3,
    close: price,
    volume: (from + i) / 7,
  }));
}

/** For clients whose thread is to do nothing by itself, or to do it well. */
export function expectNoFailure(error: BarkeepError): void {
  throw error;
}

/** The BarkeepError that a call rejects with. */
export async function rejection(call: Promise<unknown>): Promise<BarkeepError> {
  try {
    await call;
  } catch (error) {
    if (BarkeepError.is(error)) return error;
    throw error;
  }
  return expect.unreachable('nothing was thrown');
}
