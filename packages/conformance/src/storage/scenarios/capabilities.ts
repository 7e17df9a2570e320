import type { IMarketDataStorage, StorageCapabilities } from '@barkeep/storage';
import { assertEqual, assertRejects, assertTrue } from '../../assertions.ts';
import { KEY, minute } from '../sample-candles.ts';
import { bareScenario, type StorageScenario, scenario } from '../storage-scenario.ts';

const RANGE = { from: minute(0), to: minute(10) };
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
      for (const part of [...OPTIONAL_PARTS, 'revisions'] as const) {
        assertEqual(typeof capabilities[part], 'boolean', `capabilities.${part} is a boolean`);
      }
    },
  ),
  ...OPTIONAL_PARTS.flatMap(presence),
  scenario(
    'capabilities/revisions-declared',
    '`candles.revisions` answers, as declared',
    async ({ candles }) => {
      const [text] = await candles.revisions(KEY, [RANGE]);
      assertEqual(typeof text, 'string', 'the revision');
    },
    { requires: ({ revisions }) => unless(revisions, 'revisions are not declared') },
  ),
  scenario(
    'capabilities/revisions-undeclared',
    '`candles.revisions` is refused, since it is not declared',
    async ({ candles }) => {
      await assertRejects(() => candles.revisions(KEY, [RANGE]), 'UNSUPPORTED', 'the call');
    },
    { requires: ({ revisions }) => unless(!revisions, 'revisions are declared') },
  ),
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
