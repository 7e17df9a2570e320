/** When readers start, and what becomes of those that cannot. */
import { renameSync } from 'node:fs';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { SqliteConnections } from '../src/sqlite-connections.ts';
import { WorkerClient } from '../src/worker-client.ts';
import { BTC, expectNoFailure, START, temporaryPath } from './temporary-database.ts';

const QUERY = { key: BTC, from: START, to: START + 1, limit: 1, take: 'first' } as const;

afterEach(() => void vi.restoreAllMocks());

async function opened(
  path: string,
  readers: number,
  atOnce = false,
  ofReader: (error: unknown) => void = (error) => expect.unreachable(String(error)),
) {
  const failures = { ofCompaction: expectNoFailure, ofReader };
  const connections = await SqliteConnections.open(
    { path, name: path, busyTimeoutMs: 100, journal: 'wal', synchronous: 'normal', writer: 1 },
    { most: readers, atOnce },
    failures,
  );
  onTestFinished(() => connections.close());
  return connections;
}

it('starts a reader when a read would have to wait, and no more than it may', async () => {
  const connections = await opened(temporaryPath(), 2);
  const { writer } = connections;
  for (let i = 0; i < 3; i += 1) {
    expect(connections.reader).toBe(writer);
    await connections.reader.call('read', [QUERY]);
  }
  const first = await readerBeside(connections, [writer]);
  const second = await readerBeside(connections, [writer, first]);
  expect(second).not.toBe(first);
  expect(connections.idleReader).toBeDefined();
  const waiting = Array.from({ length: 9 }, () => connections.reader.call('read', [QUERY]));
  await Promise.all(waiting);
  expect([first, second]).toContain(connections.reader);
});

it('starts readers with the storage where they are asked for', async () => {
  const connections = await opened(temporaryPath(), 2, true);
  expect(connections.reader).not.toBe(connections.writer);
  expect(connections.idleReader).toBeDefined();
  await connections.reader.call('read', [QUERY]);
});

it('starts none where reads take turns with writes', async () => {
  const connections = await opened(temporaryPath(), 0);
  const reads = Array.from({ length: 9 }, () => connections.reader.call('read', [QUERY]));
  await Promise.all(reads);
  expect(connections.reader).toBe(connections.writer);
  expect(connections.idleReader).toBeUndefined();
});

it('reports a reader that cannot be started, and goes on without it', async () => {
  const path = temporaryPath();
  const failures: unknown[] = [];
  const connections = await opened(path, 2, false, (error) => failures.push(error));
  renameSync(path, `${path}.away`);
  for (let i = 1; i <= 5; i += 1) {
    connections.startReader();
    if (i <= 3) await vi.waitFor(() => expect(failures).toHaveLength(i));
  }
  expect(failures).toHaveLength(3);
  expect(failures[0]).toMatchObject({ code: 'CANNOT_OPEN' });
  renameSync(`${path}.away`, path);
  await connections.reader.call('read', [QUERY]);
});

it('closes at once while a reader starts', async () => {
  const connections = await opened(temporaryPath(), 2);
  connections.startReader();
  const kill = vi.spyOn(WorkerClient.prototype, 'kill');
  await connections.close();
  expect(kill).toHaveBeenCalled();
});

/** The reader that starts while all of these have something to do. */
async function readerBeside(
  connections: SqliteConnections,
  busy: readonly WorkerClient[],
): Promise<WorkerClient> {
  return vi.waitFor(async () => {
    const reads = busy.map((client) => client.call('read', [QUERY]));
    const found = connections.reader;
    await Promise.all(reads);
    expect(busy).not.toContain(found);
    return found;
  });
}
