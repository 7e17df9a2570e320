/** The size of the WAL while somebody reads all the time. */
import { statSync } from 'node:fs';
import { CandleSeries, type SeriesKey } from '@barkeep/core';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { WorkerClient } from '../src/worker-client.ts';
import { BTC, expectNoFailure, minutes, temporaryPath } from './temporary-database.ts';

const BOUND = 500_000;
const WRITES = 30;
/** What one write adds at most. */
const WRITE_BYTES = 200_000;
const EVERYTHING = { from: 0, to: Number.MAX_SAFE_INTEGER, limit: 1e9, take: 'first' } as const;

async function connection(
  path: string,
  access: 'read-write' | 'read-only',
  largestWalBytes = BOUND,
) {
  const client = new WorkerClient(expectNoFailure);
  onTestFinished(() => client.close());
  const settings = { journal: 'wal', synchronous: 'normal', archive: 'off', writer: 1 } as const;
  const options = { ...settings, path, name: path, busyTimeoutMs: 5_000, access, largestWalBytes };
  await client.call('open', [options]);
  return client;
}

function batch(key: SeriesKey, from: number, to: number, price: number) {
  const series = CandleSeries.from(key, minutes(from, to, price));
  const { timestamp, open, high, low, close, volume } = series;
  const columns = { timestamp, open, high, low, close, volume };
  return { key, columns, covers: [], source: '', collectedAt: 0, replaces: 'all' } as const;
}

/** Writes again and again, and returns the largest size that the WAL had. */
async function largestWalOf(path: string, writer: WorkerClient): Promise<number> {
  let largest = 0;
  for (let i = 0; i < WRITES; i += 1) {
    await writer.call('write', [[batch({ ...BTC, symbol: 'X' }, 0, 1_000, i + 1)]]);
    largest = Math.max(largest, statSync(`${path}-wal`).size);
  }
  return largest;
}

it('stays bounded while reads overlap without a pause', async () => {
  const path = temporaryPath();
  const writer = await connection(path, 'read-write');
  await writer.call('write', [[batch(BTC, 0, 5_000, 100)]]);
  await writer.call('checkpoint', []);
  const readers = await Promise.all([1, 2].map(() => connection(path, 'read-only')));
  let isWriting = true;
  let reads = 0;
  const readAgain = async (reader: WorkerClient): Promise<void> => {
    while (isWriting) {
      const { length } =
        (await reader.call('readMany', [[{ key: BTC, ...EVERYTHING }]]))[0]?.timestamp ?? [];
      expect(length).toBe(5_000);
      reads += 1;
    }
  };
  // Two calls wait at each reader all the time.
  const reading = [...readers, ...readers].map(readAgain);
  const largest = await largestWalOf(path, writer);
  isWriting = false;
  await Promise.all(reading);
  expect(largest).toBeGreaterThan(BOUND / 2);
  expect(largest).toBeLessThan(BOUND + 3 * WRITE_BYTES);
  expect(reads).toBeGreaterThan(4);
}, 60_000);

it('goes on writing, and empties the WAL later, while one read does not end', async () => {
  const path = temporaryPath();
  const writer = await connection(path, 'read-write');
  await writer.call('write', [[batch(BTC, 0, 10, 100)]]);
  const endless = new Database(path);
  endless.exec('BEGIN; SELECT count(*) FROM candle_rows');
  expect(await largestWalOf(path, writer)).toBeGreaterThan(BOUND);
  endless.exec('COMMIT');
  endless.close();
  await largestWalOf(path, writer);
  expect(statSync(`${path}-wal`).size).toBeLessThan(BOUND + WRITE_BYTES);
}, 60_000);
