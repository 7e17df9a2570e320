import { MessageChannel } from 'node:worker_threads';
import { BarkeepError } from '@barkeep/core';
import { type EngineThread, serveEngine, ThreadClient } from '@barkeep/sqlite-engine';
import { expect, it, onTestFinished, vi } from 'vitest';

type Calls = {
  twice(value: number): number;
  later(value: string): Promise<string>;
  never(): Promise<never>;
  release(): void;
  close(): void;
};

/** A client, and what answers it, at the two ends of a channel instead of in two threads. */
function connectedClient({
  whenIdle = (): boolean => false,
  onFailure = (error: BarkeepError): void => {
    throw error;
  },
} = {}): ThreadClient<Calls> {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  const calls: Calls = {
    twice: (value) => value * 2,
    later: (value) => new Promise((resolve) => waiting.push(() => resolve(value))),
    never: () => Promise.reject(new BarkeepError('DISK_FULL', 'no space', { retryable: true })),
    release: () => {
      for (const resolve of waiting.splice(0)) resolve();
    },
    close: () => undefined,
  };
  serveEngine(port1, calls, { whenIdle, defer: setImmediate });
  const thread: EngineThread = Object.assign(port2, { terminate: async () => port2.close() });
  const client = new ThreadClient<Calls>(
    { take: () => thread, giveBack: (given) => given.terminate() },
    onFailure,
  );
  onTestFinished(() => client.close());
  return client;
}

it('answers what takes time when it is there, and does not hold up other calls', async () => {
  const client = connectedClient();
  const order: string[] = [];
  const note = async (): Promise<void> => {
    order.push(await client.call('later', ['slow']));
  };
  const slow = note();
  expect(await client.call('twice', [21])).toBe(42);
  expect(client.pending).toBe(1);
  order.push('fast');
  await client.call('release', []);
  await slow;
  expect(order).toEqual(['fast', 'slow']);
});

it('reports what fails by itself, and goes on with the rest', async () => {
  const failures: BarkeepError[] = [];
  const steps = ['first', 'damaged', 'last'];
  const client = connectedClient({
    whenIdle: () => {
      const step = steps.shift();
      if (step === 'damaged') throw new BarkeepError('CORRUPT', 'a damaged segment');
      return step !== undefined;
    },
    onFailure: (error) => failures.push(error),
  });
  await client.call('twice', [1]);
  await vi.waitFor(() => expect(steps).toEqual([]));
  expect(await client.call('twice', [2])).toBe(4);
  expect(failures).toMatchObject([{ name: 'BarkeepError', code: 'CORRUPT' }]);
});

it('carries over why a promise was broken', async () => {
  await expect(connectedClient().call('never', [])).rejects.toMatchObject({
    name: 'BarkeepError',
    code: 'DISK_FULL',
    retryable: true,
  });
});

it('holds the process while its thread ends, also when an answer comes meanwhile', async () => {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  const ended = Promise.withResolvers<void>();
  const thread: EngineThread = Object.assign(port2, { terminate: () => ended.promise });
  const client = new ThreadClient<Calls>(
    { take: () => thread, giveBack: (given) => given.terminate() },
    (error) => expect.unreachable(error.message),
  );
  const answer = client.call('twice', [21]);
  const killing = client.kill();
  const unref = vi.spyOn(thread, 'unref');
  port1.postMessage({ id: 1, value: 42 });
  expect(await answer).toBe(42);
  expect(unref).not.toHaveBeenCalled();
  ended.resolve();
  await killing;
});
