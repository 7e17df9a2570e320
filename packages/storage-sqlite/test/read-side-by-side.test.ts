import { allocateColumns, CandleSeries } from '@barkeep/core';
import { expect, it, onTestFinished } from 'vitest';
import { readSideBySide } from '../src/read-side-by-side.ts';
import { WorkerClient } from '../src/worker-client.ts';
import {
  BTC,
  expectNoFailure,
  MINUTE,
  openStorage,
  START,
  temporaryPath,
} from './temporary-database.ts';

const CANDLES = 60_000;
const QUERY = { key: BTC, from: START, to: START + CANDLES * MINUTE, take: 'first' } as const;
const ALL = { ...QUERY, limit: Number.POSITIVE_INFINITY };

async function reader(path: string): Promise<WorkerClient> {
  const client = new WorkerClient(expectNoFailure);
  onTestFinished(() => client.close());
  await client.call('open', [
    {
      path,
      name: path,
      busyTimeoutMs: 100,
      access: 'read-only',
      journal: 'wal',
      synchronous: 'normal',
      writer: 2,
    },
  ]);
  return client;
}

function both(reader: WorkerClient, idleReader: WorkerClient) {
  return { reader, idleReader, startReader: () => expect.unreachable('two are there') };
}

/** A series whose every figure is the same number. */
function flat(price: number): CandleSeries {
  const columns = allocateColumns(CANDLES);
  const { timestamp, ...figures } = columns;
  for (const column of Object.values(figures)) column.fill(price);
  for (let i = 0; i < CANDLES; i += 1) timestamp[i] = START + i * MINUTE;
  return CandleSeries.from(BTC, columns);
}

it('reads many candles on two connections, few on one', async () => {
  const path = temporaryPath();
  const storage = await openStorage(path);
  await storage.candles.write({ key: BTC, candles: flat(1) });
  const [one, other] = [await reader(path), await reader(path)];
  const asked: string[] = [];
  for (const [name, client] of Object.entries({ one, other })) {
    const call = client.call.bind(client);
    client.call = (method, ...rest) => {
      asked.push(`${name} ${method}`);
      return call(method, ...rest);
    };
  }
  const few = await readSideBySide({ ...ALL, limit: 1_000 }, both(one, other));
  expect(few.timestamp).toHaveLength(1_000);
  expect(asked.splice(0)).toEqual(['one readUpTo']);

  const many = await readSideBySide(ALL, both(one, other));
  expect(CandleSeries.from(BTC, many).equals(flat(1))).toBe(true);
  expect(asked).toEqual(['one readUpTo', 'one readPart', 'other readPart']);
});

it('never answers halves of different candles', async () => {
  const path = temporaryPath();
  const storage = await openStorage(path);
  await storage.candles.write({ key: BTC, candles: flat(1) });
  const [one, other] = [await reader(path), await reader(path)];
  const call = other.call.bind(other);
  other.call = async (...parameters) => {
    await storage.candles.write({ key: BTC, candles: flat(2) });
    return call(...parameters);
  };
  const many = await readSideBySide(ALL, both(one, other));
  expect(CandleSeries.from(BTC, many).equals(flat(2))).toBe(true);
});

it('reads many candles on one connection while there is no other, and has one started', async () => {
  const path = temporaryPath();
  const storage = await openStorage(path);
  await storage.candles.write({ key: BTC, candles: flat(1) });
  const one = await reader(path);
  let started = 0;
  const connections = {
    reader: one,
    idleReader: undefined,
    startReader: () => {
      started += 1;
    },
  };
  await readSideBySide({ ...ALL, limit: 1_000 }, connections);
  expect(started).toBe(0);
  const many = await readSideBySide(ALL, connections);
  expect(CandleSeries.from(BTC, many).equals(flat(1))).toBe(true);
  expect(started).toBe(1);
});
