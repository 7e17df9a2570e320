import type { IMarketDataStorage, StorageCapabilities } from '@barkeep/storage';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { bareScenario, type StorageScenario } from '../storage-scenario.ts';

const OPTIONAL_PARTS = ['integrity', 'maintenance', 'backup'] as const;

const DURABILITIES = ['volatile', 'snapshot', 'process-crash', 'power-loss'];

export const capabilityScenarios: readonly StorageScenario[] = [
  bareScenario(
    'capabilities/complete',
    'every capability has a value the contract knows',
    async (context) => {
      const { capabilities } = await context.create();
      assertTrue(DURABILITIES.includes(capabilities.durability), 'durability is one of the known');
      assertTrue(
        ['process', 'shared'].includes(capabilities.changes),
        'changes is one of the known',
      );
      assertTrue(
        ['exclusive', 'multi-process'].includes(capabilities.sharing),
        'sharing is one of the known',
      );
      assertTrue(capabilities.platforms.length > 0, 'it runs on at least one platform');
      for (const part of OPTIONAL_PARTS) {
        assertEqual(typeof capabilities[part], 'boolean', `capabilities.${part} is a boolean`);
      }
    },
  ),
  ...OPTIONAL_PARTS.flatMap(presence),
];

function presence(part: (typeof OPTIONAL_PARTS)[number]): StorageScenario[] {
  return [
    bareScenario(
      `capabilities/${part}-declared`,
      `\`storage.${part}\` is there, as declared`,
      async (context) => {
        assertTrue(partOf(await context.create(), part) !== undefined, `storage.${part} is there`);
      },
      { requires: (capabilities) => unless(capabilities[part], `${part} is not declared`) },
    ),
    bareScenario(
      `capabilities/${part}-undeclared`,
      `\`storage.${part}\` is absent, since it is not declared`,
      async (context) => {
        assertEqual(partOf(await context.create(), part), undefined, `storage.${part}`);
      },
      { requires: (capabilities) => unless(!capabilities[part], `${part} is declared`) },
    ),
  ];
}

function unless(condition: boolean, reason: string): string | undefined {
  return condition ? undefined : reason;
}

function partOf(storage: IMarketDataStorage, part: keyof StorageCapabilities): unknown {
  return Reflect.get(storage, part);
}
