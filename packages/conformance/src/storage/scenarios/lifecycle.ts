import { assertEqual, assertThrows } from '../../assertions.ts';
import { handleScenarios } from '../../handle-scenarios.ts';
import { KEY, sampleMinutes } from '../sample-candles.ts';
import { operationsOf } from '../storage-operations.ts';
import {
  bareScenario,
  lasting,
  type StorageScenario,
  storageScenarios,
} from '../storage-scenario.ts';
import { assertNothingStored, assertSeries } from '../stored-state.ts';

export const lifecycleScenarios: readonly StorageScenario[] = [
  ...handleScenarios(storageScenarios, {
    operations: operationsOf,
    assertEmpty: async (storage, what) => {
      await assertNothingStored(storage, KEY, what);
      assertEqual(await storage.metadata.keys(), [], `${what}: no document is stored`);
    },
  }),
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
  bareScenario(
    'lifecycle/close-finishes-writes',
    'writes under way when it is closed succeed',
    async (context) => {
      const storage = await context.open();
      const [first, second] = await Promise.all([
        storage.candles.write({ key: KEY, candles: sampleMinutes(0, 500) }),
        storage.candles.write({ key: KEY, candles: sampleMinutes(500, 1_000) }),
        storage.close(),
      ]);
      const written = { inserted: 500, updated: 0, unchanged: 0 };
      assertEqual([first, second], [written, written], 'the writes that were under way');
    },
  ),
  bareScenario(
    'lifecycle/close-keeps-writes',
    'what was under way when it was closed is there when it is opened again',
    async (context) => {
      const storage = await context.open();
      const [again] = await Promise.all([
        storage.candles
          .write({ key: KEY, candles: sampleMinutes(0, 1_000) })
          .then(() => context.reopen(storage)),
        storage.close(),
      ]);
      await assertSeries(again, KEY, sampleMinutes(0, 1_000), 'after closing under way');
    },
    lasting,
  ),
];
