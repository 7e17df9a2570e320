/** Saves that fail while nobody awaits them, over a persister that can be told to fail. */
import { BarkeepError, ManualClock } from '@barkeep/core';
import { type Persister, SqlJsStorage, type SqlJsStorageOptions } from '@barkeep/storage-sqljs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { SnapshotSaver } from '../src/snapshot-saver.ts';
import { BTC, minutes, rejection, START } from './temporary-database.ts';

class FailingPersister implements Persister {
  readonly name = 'memory';
  failure: unknown;
  saves = 0;

  async load(): Promise<Uint8Array | undefined> {
    return undefined;
  }

  async save(): Promise<void> {
    this.saves += 1;
    if (this.failure !== undefined) throw this.failure;
  }

  async close(): Promise<void> {}
}

async function openOver(
  persister: Persister,
  options: Partial<SqlJsStorageOptions>,
): Promise<SqlJsStorage> {
  const storage = new SqlJsStorage({ persister, ...options });
  onTestFinished(() => storage.close().catch(() => undefined));
  await storage.open();
  return storage;
}

it('reports saves that fail by themselves, with their time, until one succeeds', async () => {
  const clock = new ManualClock(START);
  const persister = new FailingPersister();
  const errors: BarkeepError[] = [];
  const onSaveError = (error: BarkeepError): void => void errors.push(error);
  const storage = await openOver(persister, { clock, onSaveError });
  const failures: unknown[] = [];
  storage.changes.subscribe((event) => {
    if (event.type === 'failure') failures.push(event);
  });
  await storage.flush();
  expect(storage.saveStatus).toEqual({
    hasUnsavedChanges: false,
    lastSavedAt: START,
    lastError: undefined,
  });

  persister.failure = new BarkeepError('DISK_FULL', 'no room', { retryable: true });
  await storage.candles.write({ key: BTC, candles: minutes(0, 1) });
  expect(storage.saveStatus.hasUnsavedChanges).toBe(true);
  clock.advance(1_000);
  await vi.waitFor(() => expect(errors).toEqual([persister.failure]));
  expect(storage.saveStatus).toEqual({
    hasUnsavedChanges: true,
    lastSavedAt: START,
    lastError: { at: START + 1_000, error: persister.failure },
  });
  const failure = { type: 'failure', work: 'saving', error: persister.failure, at: START + 1_000 };
  expect(failures).toEqual([failure]);
  expect((await storage.stats()).background).toEqual({ failures: 1, lastFailure: failure });
  expect(await rejection(storage.flush())).toBe(persister.failure);
  expect(errors).toHaveLength(2);

  persister.failure = undefined;
  clock.advance(1_000);
  await vi.waitFor(() => expect(storage.saveStatus.hasUnsavedChanges).toBe(false));
  expect(storage.saveStatus).toMatchObject({
    lastSavedAt: START + 2_000,
    lastError: { at: START + 1_000 },
  });
  await storage.close();
});

it('rejects close while something is unsaved, whatever a persister throws', async () => {
  const persister = new FailingPersister();
  persister.failure = 'no reason';
  const storage = await openOver(persister, { saveDelayMs: 3_600_000 });
  await storage.candles.write({ key: BTC, candles: minutes(0, 1) });
  expect(await rejection(storage.close())).toMatchObject({ code: 'IO', retryable: true });
  expect(storage.saveStatus).toMatchObject({
    hasUnsavedChanges: true,
    lastError: { error: { code: 'IO' } },
  });
});

it('tries again after growing pauses, of a minute at most', async () => {
  const clock = new ManualClock(START);
  const pauses: number[] = [];
  const saver = new SnapshotSaver({
    clock: {
      now: () => clock.now(),
      setTimer: (callback, delayMs) => {
        pauses.push(delayMs);
        return clock.setTimer(callback, delayMs);
      },
    },
    delayMs: 0,
    save: () => Promise.reject(new BarkeepError('IO', 'no')),
    onFailure: () => undefined,
  });
  saver.touch();
  for (let tries = 1; tries <= 10; tries += 1) {
    clock.advance(60_000);
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
  }
  const doubled = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000];
  expect(pauses).toEqual([0, ...doubled, 60_000, 60_000, 60_000]);
});

it('goes on saving when the listener throws', async () => {
  const clock = new ManualClock(START);
  const persister = new FailingPersister();
  persister.failure = new Error('no');
  const raised: unknown[] = [];
  const onUncaught = (error: unknown): void => void raised.push(error);
  const before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', onUncaught);
  onTestFinished(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of before) process.on('uncaughtException', listener);
  });
  const onSaveError = (): never => {
    throw new Error('the listener failed');
  };
  const storage = await openOver(persister, { clock, onSaveError });
  clock.advance(1_000);
  await vi.waitFor(() => expect(raised).toMatchObject([{ message: 'the listener failed' }]));
  persister.failure = undefined;
  await storage.flush();
  await storage.close();
});
