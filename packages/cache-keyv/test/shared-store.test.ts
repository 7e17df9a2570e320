import { KeyvCache } from '@barkeep/cache-keyv';
import fc from 'fast-check';
import { Keyv } from 'keyv';
import { expect, it } from 'vitest';

const KEYS = ['a', 'ab', 'b'];
const TAGS = ['t', 'u'];

type Step =
  | { readonly do: 'set'; readonly key: string; readonly tags: readonly string[] }
  | { readonly do: 'tags'; readonly tags: readonly string[] }
  | { readonly do: 'prefix'; readonly prefix: string }
  | { readonly do: 'clear' }
  | { readonly do: 'delete'; readonly key: string }
  | { readonly do: 'get'; readonly key: string };

/** A step with the logical instants between which it was under way. */
interface Event {
  readonly step: Step;
  readonly start: number;
  readonly end: number;
  /** What a `set` wrote or a `get` found. */
  readonly value: unknown;
}

const key = fc.constantFrom(...KEYS);
const tags = fc.subarray(TAGS, { minLength: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('set'), key, tags: fc.subarray(TAGS) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('tags'), tags }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('prefix'), prefix: fc.constantFrom('a', 'ab', 'z') }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'clear' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete'), key }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('get'), key }) },
) as fc.Arbitrary<Step>;

/**
 * A `Map` whose answers take as long as the scheduler likes, before and after they take effect; and
 * which may lose the index, as processes that overwrite each other's changes of it do.
 */
function slowStore(scheduler: fc.Scheduler, losesIndex: boolean) {
  const values = new Map<string, unknown>();
  const slowly = async <T>(work: () => T): Promise<T> => {
    await scheduler.schedule(Promise.resolve());
    const result = work();
    await scheduler.schedule(Promise.resolve());
    return result;
  };
  return {
    get: async (name: string) => slowly(() => values.get(name)),
    set: async (name: string, value: unknown) =>
      slowly(() => (losesIndex && name.includes('~i~')) || values.set(name, value) === values),
    delete: async (name: string) => slowly(() => values.delete(name)),
    clear: async () => slowly(() => values.clear()),
  };
}

it('never gives what was invalidated or replaced before, by whichever of two processes', async () => {
  let hits = 0;
  const lane = fc.array(step, { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.boolean(),
      lane,
      lane,
      async (scheduler, losesIndex, one, other) => {
        const events: Event[] = [];
        const store = slowStore(scheduler, losesIndex);
        let instant = 0;
        const run = async (steps: readonly Step[]): Promise<void> => {
          await using cache = new KeyvCache({ keyv: new Keyv({ store }) });
          await cache.open();
          for (const next of steps) {
            instant += 1;
            const start = instant;
            const value = await perform(cache, next, start);
            instant += 1;
            events.push({ step: next, start, end: instant, value });
          }
        };
        await scheduler.waitFor(Promise.all([run(one), run(other)]));
        for (const event of events) if (isHit(event)) hits += 1;
        expect(events.filter((event) => isHit(event) && isStale(event, events))).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
  expect(hits).toBeGreaterThan(50);
}, 60_000);

it.each([{ tags: ['t'] }, { prefix: 'ke' }, { prefix: '' }])(
  'keeps nothing of what a reader sees between the writes of invalidating %j',
  async (selector) => {
    const values = new Map<string, unknown>();
    let afterWrite: (() => Promise<unknown>) | undefined;
    const store = {
      get: async (name: string) => values.get(name),
      set: async (name: string, value: unknown) => {
        // The index is lost, so that nothing but marks is left.
        if (!name.includes('~i~')) values.set(name, value);
        await afterWrite?.();
        return true;
      },
      delete: async (name: string) => values.delete(name),
      clear: async () => values.clear(),
    };
    await using writer = new KeyvCache({ keyv: new Keyv({ store }) });
    await using reader = new KeyvCache({ keyv: new Keyv({ store }) });
    await writer.open();
    await reader.open();
    await writer.invalidate({ tags: ['t'] });
    await writer.invalidate({ prefix: 'ke' });
    await writer.set('key', 1, { tags: ['t'] });
    expect(await reader.get('key')).toBe(1);
    let looks = 0;
    afterWrite = async () => {
      looks += 1;
      await reader.get('key');
    };
    await writer.invalidate(selector);
    afterWrite = undefined;
    expect(looks).toBeGreaterThan(0);
    expect(await reader.get('key')).toBeUndefined();
    await writer.set('key', 2, { tags: ['t'] });
    expect(await reader.get('key')).toBe(2);
  },
);

/** A `set` writes the instant at which it begins: no two write the same. */
async function perform(cache: KeyvCache, one: Step, start: number): Promise<unknown> {
  switch (one.do) {
    case 'set':
      await cache.set(one.key, start, { tags: one.tags });
      return start;
    case 'tags':
      return cache.invalidate({ tags: one.tags });
    case 'prefix':
      return cache.invalidate({ prefix: one.prefix });
    case 'clear':
      return cache.clear();
    case 'delete':
      return cache.delete(one.key);
    case 'get':
      return cache.get(one.key);
  }
}

function isHit(event: Event): boolean {
  return event.step.do === 'get' && event.value !== undefined;
}

/** Whether something that ends the life of the value began after its writing and ended before its reading. */
function isStale(read: Event, events: readonly Event[]): boolean {
  const written = events.find(
    ({ step: { do: what }, value }) => what === 'set' && value === read.value,
  );
  if (written?.step.do !== 'set') return true;
  const { key: name, tags: names } = written.step;
  return events.some(
    ({ step: one, start, end }) =>
      start > written.end && end < read.start && ends(one, name, names),
  );
}

function ends(one: Step, name: string, names: readonly string[]): boolean {
  switch (one.do) {
    case 'set':
    case 'delete':
      return one.key === name;
    case 'tags':
      return one.tags.some((tag) => names.includes(tag));
    case 'prefix':
      return name.startsWith(one.prefix);
    case 'clear':
      return true;
    case 'get':
      return false;
  }
}
