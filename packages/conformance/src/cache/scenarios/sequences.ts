import type { CacheWrite } from '@barkeep/cache';
import { assertEqual } from '../../assertions.ts';
import { type CacheScenario, lasting, scenario } from '../cache-scenario.ts';
import { type CacheChange, type CacheCommand, prefixesOf } from '../model/cache-command.ts';
import { CacheModelRun } from '../model/cache-model-run.ts';
import { NAME_GROUPS } from '../sample-names.ts';
import { LARGE_VALUE, SAMPLE_VALUES } from '../sample-values.ts';

const TTL = 4_000;
/** Beyond what Redis and SQLite take in a call, and what is usual. */
const MANY = 1_100;

/** What the model finds by chance, always: for adapters of which few runs can be made. */
const SEQUENCES: Readonly<Record<string, readonly [title: string, ...CacheCommand[]]>> = {
  'values/every-kind': [
    'a value of every kind comes back bit for bit, also in place of another',
    ...valueCommands(),
  ],
  'names/alike': [
    'names are plain and exact, as keys, as tags and as prefixes',
    ...Object.values(NAME_GROUPS).flatMap(nameCommands),
  ],
  'batches/large': ['batches of more than a thousand keys and entries work', ...manyCommands()],
  'expiry/edge': [
    'an entry lives until its time has come, to the step, and no method shows it then',
    ...[{ ttlMs: TTL }, { expiresAt: Date.UTC(2026, 0, 1) + 2 * TTL + 1 }].flatMap(edgeCommands),
  ],
  'expiry/clock-set-back': [
    'entries live no longer when the clock is set back, and no less',
    ...[1_000, 60_000, 9 * 3_600_000].flatMap((ms) => edgeCommands({ ttlMs: TTL }, ms)),
    { kind: 'set', key: 'key', value: 1, ttlMs: TTL },
    { kind: 'set-clock-back', ms: TTL },
    { kind: 'advance', ms: TTL },
    { kind: 'sweep' },
  ],
  'concurrency/at-once': [
    'calls made at a time take effect in the order in which they were made',
    ...atOnceCommands(),
  ],
};

export const sequenceScenarios: readonly CacheScenario[] = [
  ...Object.entries(SEQUENCES).map(([key, [title, ...commands]]) =>
    scenario(
      key,
      title,
      async (cache, context) => {
        const run = await CacheModelRun.begin(context, [cache]);
        await run.execute(commands);
      },
      key === 'batches/large'
        ? {
            requires: ({ maxEntries = MANY }) =>
              maxEntries < MANY ? `it has no room for ${MANY} entries` : undefined,
          }
        : {},
    ),
  ),
  scenario(
    'persistence/reopen',
    'everything is there after reopening: values, names, tags and expiries; and nothing else',
    async (cache, context) => {
      const run = await CacheModelRun.begin(context, [cache]);
      const names = Object.values(NAME_GROUPS).flat();
      const tagged = names.map((key, i) => ({
        key,
        value: i,
        tags: [key],
        ttlMs: TTL * (1 + (i % 3)),
      }));
      await run.execute([...valueCommands(), { kind: 'set-many', entries: tagged }]);
      const { entries } = await run.cache.stats();
      await run.execute([{ kind: 'reopen' }]);
      assertEqual((await run.cache.stats()).entries, entries, 'how many entries there are then');
      await run.execute([
        ...names.slice(0, 9).map((key) => ({ kind: 'delete' as const, key })),
        ...names.slice(9, 15).map((tag) => invalidation({ tags: [tag] })),
        { kind: 'reopen' },
        { kind: 'get', keys: names },
        { kind: 'advance', ms: TTL },
        { kind: 'reopen' },
        { kind: 'get', keys: names },
        { kind: 'advance', ms: TTL },
        invalidation({ tags: names.slice(20, 50) }),
        { kind: 'sweep' },
        { kind: 'reopen' },
        { kind: 'clear' },
        { kind: 'reopen' },
      ]);
    },
    lasting,
  ),
];

function invalidation(
  selector: { readonly prefix: string } | { readonly tags: readonly string[] },
): CacheChange {
  return { kind: 'invalidate', selector };
}

function valueCommands(): CacheCommand[] {
  const values = [...Object.values(SAMPLE_VALUES), LARGE_VALUE];
  const entries = Object.entries(SAMPLE_VALUES).map(([key, value]) => ({ key, value }));
  const keys = entries.map(({ key }) => key);
  return [
    ...values.flatMap((value): CacheCommand[] => [
      { kind: 'set', key: 'one', value },
      { kind: 'get', keys: ['one'] },
    ]),
    { kind: 'set-many', entries },
    { kind: 'get', keys: [...keys, 'none', ...keys] },
  ];
}

function nameCommands(names: readonly string[]): CacheCommand[] {
  const entries = names.map((key, i): CacheWrite => ({ key, value: i, tags: [key] }));
  const prefixes = prefixesOf(names);
  const setAll: CacheCommand = { kind: 'set-many', entries };
  return [
    { kind: 'clear' },
    { kind: 'get', keys: names },
    setAll,
    { kind: 'get', keys: names },
    ...prefixes.map((prefix): CacheCommand => ({ kind: 'keys', prefix })),
    ...names.map((key): CacheCommand => ({ kind: 'delete', key })),
    setAll,
    ...names.map((tag) => invalidation({ tags: [tag, 'none'] })),
    { kind: 'keys', prefix: '' },
    setAll,
    // The longest first: each leaves something for the next.
    ...prefixes.toSorted((a, b) => b.length - a.length).map((prefix) => invalidation({ prefix })),
  ];
}

function manyCommands(): CacheCommand[] {
  const entries = Array.from(
    { length: MANY },
    (_, i): CacheWrite => ({
      key: `${i % 5}-${i}`,
      value: i,
      ...(i % 3 === 0 ? { ttlMs: TTL + i } : {}),
      tags: [i % 2 === 0 ? 'even' : 'odd', `${i % 10}`],
    }),
  );
  const keys = entries.map(({ key }) => key).reverse();
  return [
    { kind: 'set-many', entries },
    { kind: 'get', keys },
    { kind: 'keys', prefix: '' },
    invalidation({ tags: ['even'] }),
    { kind: 'get', keys },
    { kind: 'set-many', entries: entries.toReversed() },
    { kind: 'advance', ms: TTL + MANY / 2 },
    { kind: 'get', keys },
    invalidation({ prefix: '1-' }),
    invalidation({ tags: ['3', '7', 'none'] }),
    { kind: 'sweep' },
    { kind: 'clear' },
  ];
}

function edgeCommands(life: Partial<CacheWrite>, setBackMs = 0): CacheCommand[] {
  const all: CacheCommand[] = [
    { kind: 'get', keys: ['key', 'of-batch', 'kept'] },
    { kind: 'keys', prefix: '' },
  ];
  return [
    {
      kind: 'set-many',
      entries: [
        { key: 'kept', value: 0 },
        { key: 'of-batch', value: 1, ...life },
      ],
    },
    { kind: 'set', key: 'key', value: 2, tags: ['t'], ...life },
    { kind: 'advance', ms: TTL / 2 },
    { kind: 'get', keys: ['key'] },
    { kind: 'set-clock-back', ms: setBackMs },
    { kind: 'advance', ms: TTL / 2 - 1 },
    ...all,
    { kind: 'advance', ms: 1 },
    ...all,
    invalidation({ tags: ['t'] }),
    { kind: 'delete', key: 'of-batch' },
    { kind: 'advance', ms: 1 },
    ...all,
  ];
}

function atOnceCommands(): CacheCommand[] {
  const set = (key: string, value: number, ttlMs = TTL): CacheChange => ({
    kind: 'set',
    key,
    value,
    ttlMs,
    tags: ['t'],
  });
  const sets = (count: number, key: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => set(key(i), i));
  const removals: CacheChange[] = [
    { kind: 'delete', key: 'key' },
    { kind: 'clear' },
    invalidation({ tags: ['t'] }),
    invalidation({ prefix: 'k' }),
    set('key', 0, 0),
    {
      kind: 'set-many',
      entries: [
        { key: 'other', value: 1 },
        { key: 'key', value: 2, ttlMs: 0 },
      ],
    },
  ];
  return [
    { kind: 'at-once', changes: sets(80, (i) => `k${i}`) },
    { kind: 'get', keys: Array.from({ length: 80 }, (_, i) => `k${i}`) },
    { kind: 'at-once', changes: sets(30, () => 'key') },
    { kind: 'get', keys: ['key'] },
    ...removals.flatMap((removal): CacheCommand[] => [
      { kind: 'at-once', changes: [set('key', 1), removal] },
      { kind: 'get', keys: ['key'] },
      { kind: 'at-once', changes: [removal, set('key', 2)] },
      { kind: 'get', keys: ['key'] },
    ]),
  ];
}
