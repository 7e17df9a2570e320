import type { CacheCapabilities, CacheWrite } from '@barkeep/cache';
import fc from 'fast-check';
import { assertEqual } from '../../assertions.ts';
import { checkModel, MODEL_TIMEOUT_MS } from '../../check-model.ts';
import { type CacheScenario, type Condition, scenario } from '../cache-scenario.ts';
import {
  type CacheCommand,
  commandSequences,
  NAME_GROUPS,
  prefixesOf,
} from '../model/cache-command.ts';
import { type CacheHandle, CacheModelRun } from '../model/cache-model-run.ts';
import { SAMPLE_VALUES } from '../sample-values.ts';

const TTL = 4_000;
const HOURS = 9 * 3_600_000;
/** `setTimeout` counts in 32 bits, and a delay beyond fires at once. */
const BEYOND_32_BITS = 2 ** 31 + 1_000;
const FAR: readonly CacheWrite[] = [
  { key: 'none', value: 1 },
  { key: 'never', value: 2, ttlMs: Number.POSITIVE_INFINITY },
  { key: 'at-no-time', value: 3, expiresAt: Number.POSITIVE_INFINITY },
  { key: 'huge', value: 4, ttlMs: Number.MAX_VALUE },
  { key: 'late', value: 5, ttlMs: BEYOND_32_BITS },
];
const EDGE: readonly CacheWrite[] = [
  { key: 'kept', value: 0, tags: ['t'] },
  { key: 'of-batch', value: 1, ttlMs: TTL },
];
/** More than stores take in a call. */
const MANY = 1_040;
const NAMES = [...new Set(NAME_GROUPS.flat())];
const VALUES = Object.entries(SAMPLE_VALUES).map(([key, value]) => ({ key, value }));
const VALUE_KEYS = VALUES.map(({ key }) => key);

const lasting: Condition = {
  requires: ({ persistent }) =>
    persistent ? undefined : 'its entries need not survive a restart by declaration',
};
const shared: Condition = {
  requires: ({ sharing }) =>
    sharing === 'multi-process' ? undefined : 'its entries are not shared by declaration',
};
const clockSetBack = fc
  .constantFrom(500, 3_600_000, 9 * 3_600_000)
  .map((ms): CacheCommand => ['set-clock-back', ms]);

export const modelScenarios: readonly CacheScenario[] = [
  model('commands', 'any sequence of calls answers as a plain model does', clockSetBack, 1),
  model(
    'reopen',
    'also when it is closed and opened again in between',
    fc.constant(['reopen']),
    // Opening a cache takes long.
    0.15,
    lasting,
  ),
  model(
    'shared',
    'also when the calls are made through two handles in turn',
    fc.constant(['switch-handle']),
    0.2,
    shared,
  ),
  // What those may miss where few runs can be made, and what is too large for them.
  sequence(
    'values/every-kind',
    'a value of every kind comes back, also in place of another',
    () => [
      ...VALUES.flatMap(({ value }): CacheCommand[] => [
        ['set', 'one', value],
        ['get', 'one'],
      ]),
      ['setMany', VALUES],
      ['reopen'],
      ['getMany', [...VALUE_KEYS, 'none', ...VALUE_KEYS]],
    ],
  ),
  sequence('names/alike', 'keys, tags and prefixes are plain, exact names', () => [
    ...NAME_GROUPS.flatMap(nameCommands),
    ['setMany', tagged(NAMES)],
    ['reopen'],
    ['invalidate', { tags: NAMES.slice(0, 30) }],
    ['reopen'],
  ]),
  sequence('batches/large', 'calls may have a thousand entries and keys', largeBatches),
  sequence('expiry/edge', 'entries live to the step, however the clock is set', () => [
    ['setMany', [...FAR, { key: 'short', value: 6, ttlMs: TTL }]],
    ['reopen'],
    ['advance', TTL],
    ['sweep'],
    ['advance', BEYOND_32_BITS - TTL - 1_000],
    ['sweep'],
    ['getMany', FAR.map(({ key }) => key)],
    ['advance', 2_000],
    ['getMany', FAR.map(({ key }) => key)],
    ...edgeCommands(0, 0),
    ...edgeCommands(0, 1_000),
    ...edgeCommands(0, HOURS),
    ...edgeCommands(HOURS, HOURS),
  ]),
];

function model(
  name: string,
  title: string,
  extra: fc.Arbitrary<CacheCommand>,
  share: number,
  conditions?: Condition,
): CacheScenario {
  return scenario(
    `model/${name}`,
    title,
    async (cache, context) => {
      const other = await context.open();
      await other.set('key', 'of another');
      const handles: CacheHandle[] = [cache];
      if (conditions === shared) handles.push(await context.openBeside(cache));
      await checkModel(
        context.model,
        commandSequences(context.faults, extra),
        (commands) => new CacheModelRun(context, handles).execute(commands),
        share,
      );
      assertEqual(await other.get('key'), 'of another', 'what another cache has');
    },
    { ...conditions, timeoutMs: MODEL_TIMEOUT_MS },
  );
}

function sequence(
  key: string,
  title: string,
  commands: (capabilities: CacheCapabilities) => CacheCommand[],
): CacheScenario {
  return scenario(key, title, (cache, context) =>
    new CacheModelRun(context, [cache]).execute(commands(cache.capabilities)),
  );
}

function tagged(names: readonly string[]): CacheWrite[] {
  return names.map((key, i) => ({ key, value: i, tags: [key] }));
}

export function nameCommands(names: readonly string[]): CacheCommand[] {
  const longestFirst = names.toSorted((one, other) => other.length - one.length);
  return [
    ['getMany', names],
    ['setMany', tagged(names)],
    ...prefixesOf(names).map((prefix): CacheCommand => ['keys', prefix]),
    ...names.map((tag): CacheCommand => ['invalidate', { tags: [tag] }]),
    ['setMany', tagged(names)],
    ['invalidate', { prefix: '' }],
    ['setMany', tagged(names)],
    // Each leaves something for the next.
    ...longestFirst.map((prefix): CacheCommand => ['invalidate', { prefix }]),
  ];
}

/** As many entries as half of its room, and keys that it does not have. */
function largeBatches({ maxEntries = 2 * MANY }: CacheCapabilities): CacheCommand[] {
  const numbered = Array.from({ length: MANY }, (_, i): CacheWrite => {
    const life = i % 3 === 0 ? { ttlMs: TTL + i } : {};
    return { key: `${i % 5}-${i}`, value: i, ...life, tags: [i % 2 === 0 ? 'even' : 'odd'] };
  });
  const keys = numbered.map(({ key }) => key).reverse();
  return [
    ['setMany', numbered.slice(0, maxEntries / 2)],
    ['getMany', keys],
    ['keys', ''],
    ['advance', TTL + MANY / 2],
    ['invalidate', { tags: ['even'] }],
    ['getMany', keys],
    ['sweep'],
  ];
}

function edgeCommands(aheadMs: number, setBackMs: number): CacheCommand[] {
  const keys = ['key', 'of-batch', 'kept'];
  return [
    ['set-clock-back', -aheadMs],
    ['setMany', EDGE],
    ['set', 'key', 2, { tags: ['t'], ttlMs: TTL }],
    ['set-clock-back', setBackMs],
    ['advance', TTL - 1],
    ['getMany', keys],
    ['keys', ''],
    ['advance', 1],
    ['getMany', keys],
    ['keys', ''],
    ['invalidate', { tags: ['t'] }],
    ['sweep'],
  ];
}
