import type { HandleState } from '@barkeep/core';
import { assertEqual, assertRejects, assertThrows } from '../../assertions.ts';
import { KEY, sampleMinutes } from '../sample-candles.ts';
import {
  STORAGE_OPERATIONS,
  type StorageOperation,
  type StorageOperationName,
} from '../storage-operations.ts';
import {
  bareScenario,
  lasting,
  type StorageContext,
  type StorageScenario,
} from '../storage-scenario.ts';
import { assertSeries } from '../stored-state.ts';

export const lifecycleScenarios: readonly StorageScenario[] = [
  ...Object.entries(STORAGE_OPERATIONS).map(([name, call]) =>
    bareScenario(
      `lifecycle/${name}`,
      `${name} works when open, and in no other state`,
      (context) => callInEveryState(context, name, call),
      capabilityOf(name),
    ),
  ),
  bareScenario(
    'lifecycle/changes.subscribe',
    'subscribing works when open, and in no other state',
    async (context) => {
      const storage = await context.create();
      const subscribe = (): unknown => storage.changes.subscribe(() => undefined);
      assertThrows(subscribe, 'NOT_OPEN', 'subscribe when idle', { state: 'idle' });
      const opening = storage.open();
      assertThrows(subscribe, 'NOT_OPEN', 'subscribe while opening', { state: 'opening' });
      await opening;
      storage.changes.subscribe(() => undefined)();
      await storage.close();
      assertThrows(subscribe, 'NOT_OPEN', 'subscribe when closed', { state: 'closed' });
    },
  ),
  bareScenario('lifecycle/states', 'its state tells where it is in its life', async (context) => {
    const storage = await context.create();
    const seen: HandleState[] = [storage.state];
    const opening = storage.open();
    seen.push(storage.state);
    await opening;
    seen.push(storage.state);
    const closing = storage.close();
    seen.push(storage.state);
    await closing;
    seen.push(storage.state);
    assertEqual(seen, ['idle', 'opening', 'open', 'closing', 'closed'], 'the states in order');
  }),
  bareScenario(
    'lifecycle/open-again',
    'opening twice, at once or later, is opening once',
    async (context) => {
      const storage = await context.create();
      await Promise.all([storage.open(), storage.open()]);
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 2) });
      await storage.open();
      await assertSeries(storage, KEY, sampleMinutes(0, 2), 'after opening again');
    },
  ),
  bareScenario(
    'lifecycle/open-aborted',
    'an aborted opening rejects and leaves the storage usable',
    async (context) => {
      const storage = await context.create();
      const signal = AbortSignal.abort(new Error('changed my mind'));
      await assertRejects(() => storage.open({ signal }), 'ABORTED', 'open with an aborted signal');
      await storage.open();
      assertEqual(storage.state, 'open', 'the state after opening again');
    },
  ),
  bareScenario(
    'lifecycle/open-after-close',
    'a closed storage cannot be opened again',
    async (context) => {
      const storage = await context.open();
      await storage.close();
      await assertRejects(() => storage.open(), 'NOT_OPEN', 'open after close', {
        state: 'closed',
      });
    },
  ),
  bareScenario(
    'lifecycle/close-idle',
    'a storage that was never opened can be closed',
    async (context) => {
      const storage = await context.create();
      await storage.close();
      assertEqual(storage.state, 'closed', 'its state');
      await assertRejects(() => storage.open(), 'NOT_OPEN', 'open after close', {
        state: 'closed',
      });
    },
  ),
  bareScenario(
    'lifecycle/close-again',
    'closing twice, at once or later, is closing once',
    async (context) => {
      const storage = await context.open();
      await Promise.all([storage.close(), storage.close()]);
      await storage.close();
      assertEqual(storage.state, 'closed', 'its state');
    },
  ),
  bareScenario(
    'lifecycle/close-while-opening',
    'closing waits for the opening to end',
    async (context) => {
      const storage = await context.create();
      const opening = storage.open();
      const closing = storage.close();
      await Promise.allSettled([opening, closing]);
      await closing;
      assertEqual(storage.state, 'closed', 'its state');
    },
  ),
  bareScenario(
    'lifecycle/close-finishes-calls',
    'calls under way when it is closed succeed',
    async (context) => {
      const storage = await context.open();
      const calls = [
        storage.candles.write({ key: KEY, candles: sampleMinutes(0, 500) }),
        storage.candles.write({ key: KEY, candles: sampleMinutes(500, 1_000) }),
        storage.metadata.set('note', 1),
      ];
      const closing = storage.close();
      const [first, second] = await Promise.all(calls);
      await closing;
      const written = { inserted: 500, updated: 0, unchanged: 0 };
      assertEqual([first, second], [written, written], 'the writes that were under way');
    },
  ),
  bareScenario(
    'lifecycle/close-keeps-writes',
    'what was under way when it was closed is there when it is opened again',
    async (context) => {
      const storage = await context.open();
      const writing = storage.candles.write({ key: KEY, candles: sampleMinutes(0, 1_000) });
      const again = await context.reopen(storage);
      await writing;
      await assertSeries(again, KEY, sampleMinutes(0, 1_000), 'after closing under way');
    },
    lasting,
  ),
  bareScenario('lifecycle/async-dispose', 'Symbol.asyncDispose closes it', async (context) => {
    const storage = await context.open();
    await storage[Symbol.asyncDispose]();
    assertEqual(storage.state, 'closed', 'its state');
  }),
];

async function callInEveryState(
  context: StorageContext,
  name: string,
  call: StorageOperation,
): Promise<void> {
  const storage = await context.create();
  await assertRejects(() => call(storage), 'NOT_OPEN', `${name} when idle`, { state: 'idle' });
  const opening = storage.open();
  await assertRejects(() => call(storage), 'NOT_OPEN', `${name} while opening`, {
    state: 'opening',
  });
  await opening;
  await call(storage);
  const working = storage.candles.write({ key: KEY, candles: sampleMinutes(0, 100) });
  const closing = storage.close();
  await assertRejects(() => call(storage), 'NOT_OPEN', `${name} while closing`, {
    state: 'closing',
  });
  await Promise.all([working, closing]);
  await assertRejects(() => call(storage), 'NOT_OPEN', `${name} when closed`, { state: 'closed' });
}

/** `Object.entries` forgets the type of the keys. */
function capabilityOf(name: string): Pick<StorageScenario, 'requires'> {
  const integrity: StorageOperationName = 'integrity.check';
  if (name !== integrity) return {};
  return {
    requires: (capabilities) => (capabilities.integrity ? undefined : 'integrity is not declared'),
  };
}
