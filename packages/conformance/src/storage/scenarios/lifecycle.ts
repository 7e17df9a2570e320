import { assertEqual, assertThrows } from '../../assertions.ts';
import { handleScenarios } from '../../handle-scenarios.ts';
import { KEY } from '../sample-candles.ts';
import { operationsOf } from '../storage-operations.ts';
import { bareScenario, type StorageScenario, storageScenarios } from '../storage-scenario.ts';
import { assertNothingStored } from '../stored-state.ts';

export const lifecycleScenarios: readonly StorageScenario[] = [
  ...handleScenarios(storageScenarios, {
    operations: operationsOf,
    assertEmpty: async (storage, what) => {
      await assertNothingStored(storage, KEY, what);
      assertEqual(await storage.metadata.keys(), [], `${what}: no document is stored`);
    },
  }),
  bareScenario(
    'lifecycle/subscribe',
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
];
