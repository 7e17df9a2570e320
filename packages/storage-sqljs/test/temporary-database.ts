import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BarkeepError, type Candle, type SeriesKey } from '@barkeep/core';
import { SqlJsStorage, type SqlJsStorageOptions } from '@barkeep/storage-sqljs';
import { expect, onTestFinished } from 'vitest';

export const BTC: SeriesKey = { symbol: 'KRW-BTC', timeframe: '1m' };
export const MINUTE = 60_000;
export const START = Date.UTC(2026, 0, 1);

/** A path for a database that goes away with the test. */
export function temporaryPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-sqljs-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'market_data.sqlite3');
}

/** An opened storage, closed with the test whatever became of its file. */
export async function openStorage(
  path: string,
  options: Partial<SqlJsStorageOptions> = {},
): Promise<SqlJsStorage> {
  const storage = new SqlJsStorage({ path, ...options });
  onTestFinished(() => storage.close().catch(() => undefined));
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
