import type { CacheCapabilities, CacheWrite } from '@barkeep/cache';
import { assertEqual } from '../../assertions.ts';
import { type CacheScenario, lasting, scenario } from '../cache-scenario.ts';
import { type CacheCommand, prefixesOf } from '../model/cache-command.ts';
import { CacheModelRun } from '../model/cache-model-run.ts';
import { NAME_GROUPS } from '../sample-names.ts';
import { SAMPLE_VALUES } from '../sample-values.ts';

const TTL = 4_000;
const HOUR = 3_600_000;
/** `setTimeout` counts in 32 bits, and a delay beyond fires at once. */
const BEYOND_32_BITS = 2 ** 31 + 1_000;
const FAR: readonly CacheWrite[] = [
  { key: 'none', value: 1 },
  { key: 'never', value: 2, ttlMs: Number.POSITIVE_INFINITY },
  { key: 'at-no-time', value: 3, expiresAt: Number.POSITIVE_INFINITY },
  { key: 'huge', value: 4, ttlMs: Number.MAX_VALUE },
  { key: 'late', value: 5, ttlMs: BEYOND_32_BITS },
];
/** More than stores take in a call. */
const MANY = 1_040;
const NAMES = Object.values(NAME_GROUPS).flat();
const VALUES = Object.entries(SAMPLE_VALUES).map(([key, value]) => ({ key, value }));
const VALUE_KEYS = VALUES.map(({ key }) => key);

/** What the model finds by chance is always tried, where few runs can be made; and what is too large for it. */
export const sequenceScenarios: readonly CacheScenario[] = [
  sequence('values/every-kind', 'a value of every kind comes back, also in place of another', [
    ...VALUES.flatMap(({ value }): CacheCommand[] => [
      { kind: 'set', key: 'one', value },
      { kind: 'get', keys: ['one'] },
    ]),
    { kind: 'set-many', entries: VALUES },
    { kind: 'get', keys: [...VALUE_KEYS, 'none', ...VALUE_KEYS] },
  ]),
  sequence('names/alike', 'keys, tags and prefixes are plain, exact names', [
    ...Object.values(NAME_GROUPS).flatMap(nameCommands),
  ]),
  sequence(
    'batches/large',
    'calls may have hundreds of entries, and more than a thousand keys',
    largeBatches,
  ),
  sequence('expiry/edge', 'entries live to the step, however the clock is set', [
    ...edgeCommands(0, 0),
    ...edgeCommands(0, 1_000),
    ...edgeCommands(0, 9 * HOUR),
    ...edgeCommands(9 * HOUR, 9 * HOUR),
  ]),
  sequence('expiry/far', 'entries that expire late or never stay until then', [
    { kind: 'set-many', entries: FAR },
    { kind: 'advance', ms: 1_000 },
    { kind: 'sweep' },
    { kind: 'advance', ms: BEYOND_32_BITS - 2_000 },
    { kind: 'sweep' },
    { kind: 'get', keys: FAR.map(({ key }) => key) },
    { kind: 'advance', ms: 2_000 },
  ]),
  scenario(
    'persistence/reopen',
    'values, names, tags and expiries are there after reopening, and what was removed is not',
    async (cache, context) => {
      const run = await CacheModelRun.begin(context, [cache]);
      const tagged = NAMES.map((key, i): CacheWrite => {
        return { key, value: i, tags: [key], ttlMs: TTL * (1 + (i % 3)) };
      });
      await run.execute([{ kind: 'set-many', entries: [...VALUES, ...tagged] }]);
      const { entries } = await run.cache.stats();
      await run.execute([{ kind: 'reopen' }]);
      assertEqual((await run.cache.stats()).entries, entries, 'how many entries there are then');
      await run.execute([
        ...NAMES.slice(0, 9).map((key): CacheCommand => ({ kind: 'delete', key })),
        { kind: 'invalidate', selector: { tags: NAMES.slice(9, 30) } },
        { kind: 'reopen' },
        { kind: 'get', keys: NAMES },
        { kind: 'advance', ms: TTL },
        { kind: 'get', keys: NAMES },
        { kind: 'clear' },
        { kind: 'reopen' },
      ]);
    },
    lasting,
  ),
];

function sequence(
  key: string,
  title: string,
  commands: readonly CacheCommand[] | ((capabilities: CacheCapabilities) => CacheCommand[]),
): CacheScenario {
  return scenario(key, title, async (cache, context) => {
    const run = await CacheModelRun.begin(context, [cache]);
    await run.execute(typeof commands === 'function' ? commands(cache.capabilities) : commands);
  });
}

function nameCommands(names: readonly string[]): CacheCommand[] {
  const setAll: CacheCommand = {
    kind: 'set-many',
    entries: names.map((key, i) => ({ key, value: i, tags: [key] })),
  };
  return [
    { kind: 'get', keys: names },
    setAll,
    ...prefixesOf(names).map((prefix): CacheCommand => ({ kind: 'keys', prefix })),
    ...names.map((tag): CacheCommand => ({ kind: 'invalidate', selector: { tags: [tag] } })),
    setAll,
    { kind: 'invalidate', selector: { prefix: '' } },
    setAll,
    // The longest first: each leaves something for the next.
    ...names
      .toSorted((one, other) => other.length - one.length)
      .map((prefix): CacheCommand => ({ kind: 'invalidate', selector: { prefix } })),
  ];
}

/** As many entries as half of its room, and keys that it does not have. */
function largeBatches({ maxEntries = 2 * MANY }: CacheCapabilities): CacheCommand[] {
  const numbered = Array.from({ length: MANY }, (_, i): CacheWrite => {
    const life = i % 3 === 0 ? { ttlMs: TTL + i } : {};
    return { key: `${i % 5}-${i}`, value: i, ...life, tags: [i % 2 === 0 ? 'even' : 'odd'] };
  });
  const keys = numbered.map(({ key }) => key).reverse();
  const entries = numbered.slice(0, maxEntries / 2);
  return [
    { kind: 'set-many', entries },
    { kind: 'get', keys },
    { kind: 'keys', prefix: '' },
    { kind: 'advance', ms: TTL + MANY / 2 },
    { kind: 'invalidate', selector: { tags: ['even'] } },
    { kind: 'get', keys },
    { kind: 'sweep' },
    { kind: 'clear' },
  ];
}

function edgeCommands(aheadMs: number, setBackMs: number): CacheCommand[] {
  const kept = { key: 'kept', value: 0, tags: ['t'] };
  const all: CacheCommand[] = [
    { kind: 'get', keys: ['key', 'of-batch', 'kept'] },
    { kind: 'keys', prefix: '' },
  ];
  return [
    { kind: 'set-clock-back', ms: -aheadMs },
    { kind: 'set-many', entries: [kept, { key: 'of-batch', value: 1, ttlMs: TTL }] },
    { kind: 'set', key: 'key', value: 2, tags: ['t'], ttlMs: TTL },
    { kind: 'set-clock-back', ms: setBackMs },
    { kind: 'advance', ms: TTL - 1 },
    ...all,
    { kind: 'advance', ms: 1 },
    ...all,
    { kind: 'invalidate', selector: { tags: ['t'] } },
    { kind: 'sweep' },
  ];
}
