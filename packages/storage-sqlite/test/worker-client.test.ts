import { CandleSeries } from '@barkeep/core';
import { expect, it, onTestFinished } from 'vitest';
import { WorkerClient } from '../src/worker-client.ts';
import { BTC, expectNoFailure, minutes, rejection, temporaryPath } from './temporary-database.ts';

function startedClient(): WorkerClient {
  const client = new WorkerClient(expectNoFailure);
  onTestFinished(() => client.close());
  return client;
}

function connection(path: string) {
  return {
    path,
    name: path,
    busyTimeoutMs: 100,
    access: 'read-write',
    journal: 'wal',
    synchronous: 'normal',
    writer: 1,
  } as const;
}

/** Takes the worker far longer to store than it takes to end it. */
function largeBatch() {
  const { timestamp, open, high, low, close, volume } = CandleSeries.from(BTC, minutes(0, 300_000));
  const columns = { timestamp, open, high, low, close, volume };
  return {
    key: BTC,
    columns,
    covers: [],
    source: 'test',
    collectedAt: 0,
    replaces: 'all',
  } as const;
}

it('carries errors over with code, details and cause', async () => {
  const path = temporaryPath();
  const client = startedClient();
  const error = await rejection(client.call('open', [connection('/nowhere/at/all')]));
  expect(error.code).toBe('CANNOT_OPEN');
  expect(error.cause).toBeInstanceOf(Error);
  await client.call('open', [connection(path)]);
  expect(await client.call('list', [{}])).toEqual([]);
});

it('rejects what is under way when the thread dies, and all that comes after', async () => {
  const path = temporaryPath();
  const client = startedClient();
  await client.call('open', [connection(path)]);
  const calls = [client.call('write', [[largeBatch()]]), client.call('size', [])];
  const failures = Promise.all(calls.map(rejection));
  await client.kill();
  for (const error of await failures) expect(error).toMatchObject({ code: 'INTERNAL' });
  expect(await rejection(client.call('size', []))).toMatchObject({ code: 'INTERNAL' });
});

it('keeps its queue bounded', async () => {
  const path = temporaryPath();
  const client = startedClient();
  await client.call('open', [connection(path)]);
  const calls = Array.from({ length: 10_001 }, () => client.call('getMetadata', ['a']));
  const outcomes = await Promise.allSettled(calls);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10_000);
  expect(outcomes.at(-1)).toMatchObject({
    reason: { code: 'OVERLOADED', retryable: true, details: { limit: 10_000 } },
  });
  expect(await client.call('getMetadata', ['a'])).toBeUndefined();
});
