import type { Interval } from '@barkeep/core';
import type { StorageCapabilities } from '@barkeep/storage';
import { assertEqual, assertRejects, assertTrue } from '../../assertions.ts';
import { KEY, minute } from '../sample-candles.ts';
import { bareScenario, type StorageScenario, scenario } from '../storage-scenario.ts';

const KNOWN: Readonly<Record<string, readonly unknown[]>> = {
  durability: ['volatile', 'snapshot', 'process-crash', 'power-loss'],
  changes: ['process', 'shared'],
  sharing: ['exclusive', 'multi-process'],
  revisions: [true, false],
  integrity: [true, false],
  maintenance: [true, false],
  backup: [true, false],
} satisfies { [Name in Exclude<keyof StorageCapabilities, 'platforms'>]: unknown };

/** What is declared is there, and what is not is absent; whether it works is tested with it. */
export const capabilityScenarios: readonly StorageScenario[] = [
  bareScenario(
    'capabilities/known',
    'every capability has a value the contract knows',
    async (context) => {
      const { capabilities } = await context.create();
      for (const [name, values] of Object.entries(KNOWN)) {
        const value = capabilities[name as keyof StorageCapabilities];
        assertTrue(
          values.includes(value),
          `capabilities.${name} is one of ${values}, not ${value}`,
        );
      }
      assertTrue(capabilities.platforms.length > 0, 'it runs on at least one platform');
    },
  ),
  ...(['integrity', 'maintenance', 'backup'] as const).map((part) =>
    bareScenario(
      `capabilities/${part}`,
      `\`storage.${part}\` is there exactly when it is declared`,
      async (context) => {
        const storage = await context.create();
        const isThere = storage[part] !== undefined;
        assertEqual(isThere, storage.capabilities[part], `whether storage.${part} is there`);
      },
    ),
  ),
  scenario(
    'capabilities/revisions',
    '`candles.revisions` answers exactly when it is declared',
    async ({ candles, capabilities }) => {
      const ask = () => candles.revisions(KEY, [{ from: minute(0), to: minute(10) }]);
      if (capabilities.revisions) {
        assertEqual((await ask()).length, 1, 'how many it gives');
        const one = { from: minute(0), to: minute(10) } as unknown as Interval[];
        await assertRejects(() => candles.revisions(KEY, one), 'INVALID_INPUT', 'no list', {
          field: 'ranges',
        });
      } else await assertRejects(ask, 'UNSUPPORTED', 'candles.revisions');
    },
  ),
];
