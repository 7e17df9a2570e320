import type { CacheValue, IDataCache } from '@barkeep/cache';
import fc from 'fast-check';
import { assertEqual } from '../../assertions.ts';
import { CacheModel } from '../cache-model.ts';
import { type CacheContext, type CacheScenario, scenario } from '../cache-scenario.ts';

type Command = (cache: IDataCache, model: CacheModel, context: CacheContext) => Promise<void>;

const DEFAULT_RUNS = 1_000;

/** Few keys and tags, prefixes of each other, so that commands meet. */
const key = fc.constantFrom('a', 'ab', 'abc', 'b', 'a*', '__proto__');
const prefix = fc.constantFrom('', 'a', 'ab', 'b', 'a*', '*', 'z');
const tags = fc.subarray(['t', 'tt', 'a']);
const value: fc.Arbitrary<CacheValue> = fc.oneof(
  fc.constantFrom(null, false, 0, -0, '', 1n, 'text'),
  fc.double(),
  fc.string({ unit: 'grapheme', maxLength: 5 }),
);
const life = fc.oneof(
  fc.constant({}),
  fc.constantFrom(-1, 0, 1, 1_000, 60_000, 2 ** 33).map((ttlMs) => ({ ttlMs })),
  fc.constantFrom(Date.UTC(2025, 0), Date.UTC(2030, 0)).map((expiresAt) => ({ expiresAt })),
);
const entry = fc.tuple(key, value, life, tags).map(([name, data, expiry, names]) => ({
  key: name,
  value: data,
  ...expiry,
  tags: names,
}));

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: entry.map(set) },
  { weight: 2, arbitrary: fc.array(entry, { maxLength: 4 }).map(setMany) },
  { weight: 3, arbitrary: key.map(get) },
  { weight: 1, arbitrary: fc.array(key, { maxLength: 4 }).map(getMany) },
  { weight: 1, arbitrary: key.map(remove) },
  { weight: 1, arbitrary: prefix.map((text) => invalidate({ prefix: text })) },
  { weight: 1, arbitrary: tags.map((names) => invalidate({ tags: names })) },
  { weight: 1, arbitrary: prefix.map(keys) },
  { weight: 2, arbitrary: fc.constantFrom(1, 999, 1_000, 60_000, 3_600_000).map(advance) },
  { weight: 1, arbitrary: fc.constantFrom(500, 3_600_000).map(setBack) },
  { weight: 1, arbitrary: fc.constant(sweep) },
);

export const modelScenarios: readonly CacheScenario[] = [
  scenario(
    'model/commands',
    'any sequence of calls answers as a plain model does',
    async (cache, context) => {
      const { runs = DEFAULT_RUNS, ...replay } = context.model;
      const property = fc.asyncProperty(
        fc.array(command, { minLength: 1, maxLength: 25 }),
        async (commands) => {
          await cache.clear();
          const model = new CacheModel(context.clock);
          for (const step of commands) await step(cache, model, context);
          assertEqual((await cache.keys()).sort(), model.keys(''), 'the keys at the end');
        },
      );
      await fc.assert(property, { numRuns: runs, ...replay });
    },
    { timeoutMs: 120_000 },
  ),
];

function set({ key: name, value: data, ...options }: Parameters<CacheModel['set']>[0]): Command {
  return async (cache, model) => {
    await cache.set(name, data, options);
    model.set({ key: name, value: data, ...options });
  };
}

function setMany(entries: readonly Parameters<CacheModel['set']>[0][]): Command {
  return async (cache, model) => {
    await cache.setMany(entries);
    for (const one of entries) model.set(one);
  };
}

function get(name: string): Command {
  return async (cache, model) => {
    assertEqual(await cache.get(name), model.get(name), `get ${name}`);
  };
}

function getMany(names: readonly string[]): Command {
  return async (cache, model) => {
    const expected = names.map((name) => model.get(name));
    assertEqual(await cache.getMany(names), expected, `getMany ${names.join()}`);
  };
}

function remove(name: string): Command {
  return async (cache, model) => {
    assertEqual(await cache.delete(name), model.delete(name), `delete ${name}`);
  };
}

function invalidate(selector: Parameters<IDataCache['invalidate']>[0]): Command {
  return async (cache, model) => {
    const removed = await cache.invalidate(selector);
    assertEqual(removed, model.invalidate(selector), `invalidate ${JSON.stringify(selector)}`);
  };
}

function keys(text: string): Command {
  return async (cache, model) => {
    assertEqual((await cache.keys(text)).sort(), model.keys(text), `keys ${text}`);
  };
}

function advance(ms: number): Command {
  return (_cache, _model, context) => context.advance(ms);
}

function setBack(ms: number): Command {
  return async (_cache, _model, { clock }) => clock.setWallTime(clock.now() - ms);
}

async function sweep(cache: IDataCache, model: CacheModel): Promise<void> {
  await cache.sweep();
  assertEqual((await cache.stats()).entries, model.keys('').length, 'entries after a sweep');
}
