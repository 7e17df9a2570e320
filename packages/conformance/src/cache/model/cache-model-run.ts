import type { CacheStatistics, CacheValue, IDataCache } from '@barkeep/cache';
import { CandleSeries } from '@barkeep/core';
import { assertDefined, assertEqual, assertRejects } from '../../assertions.ts';
import type { CacheContext } from '../cache-scenario.ts';
import type { CacheChange, CacheCommand } from './cache-command.ts';
import { CacheModel } from './cache-model.ts';

/** A cache, and what it must have counted. */
interface Handle {
  readonly cache: IDataCache;
  readonly counts: Record<'hits' | 'misses' | 'writes' | 'deletes', number>;
}

/** Takes caches over the same entries and the model through the same commands, and compares them. */
export class CacheModelRun {
  readonly #context: CacheContext;
  readonly #model: CacheModel;
  /** The first one is used. */
  readonly #handles: Handle[] = [];
  readonly #keys = new Set<string>();

  private constructor(context: CacheContext) {
    this.#context = context;
    this.#model = new CacheModel(context.clock);
  }

  /** Begins with nothing stored. */
  static async begin(context: CacheContext, caches: readonly IDataCache[]): Promise<CacheModelRun> {
    const run = new CacheModelRun(context);
    await caches[0]?.clear();
    for (const cache of caches) run.#handles.push({ cache, counts: countsOf(await cache.stats()) });
    return run;
  }

  /** The handle in use. */
  get cache(): IDataCache {
    return this.#handle.cache;
  }

  get #handle(): Handle {
    return assertDefined(this.#handles[0], 'a handle');
  }

  async execute(commands: readonly CacheCommand[]): Promise<void> {
    for (const [i, command] of commands.entries()) {
      await this.#step(command, `command ${i}, ${command.kind}`);
    }
    for (const _ of this.#handles) {
      this.#switch();
      await this.#compareValues([...this.#keys], 'in the end');
      await this.#compareKeys('', 'in the end');
      await this.#compareCounts('in the end');
    }
  }

  async #step(command: CacheCommand, what: string): Promise<void> {
    switch (command.kind) {
      case 'at-once': {
        const answers = await Promise.all(command.changes.map((change) => this.#call(change)));
        return assertEqual(
          answers,
          command.changes.map((change) => this.#expect(change)),
          what,
        );
      }
      case 'set-many-refused': {
        const entries = [...command.entries, { key: '', value: null }];
        await assertRejects(() => this.cache.setMany(entries), 'INVALID_INPUT', what);
        return;
      }
      case 'get':
        for (const key of command.keys.slice(0, 1)) {
          assertSameValue(await this.cache.get(key), this.#read(key), `${what}: get of ${key}`);
        }
        return this.#compareValues(command.keys, what);
      case 'keys':
        return this.#compareKeys(command.prefix, what);
      case 'sweep': {
        await this.cache.sweep();
        const { entries } = await this.cache.stats();
        return assertEqual(entries, this.#model.keys().length, `${what}: entries after it`);
      }
      case 'advance':
        await this.#context.advance(command.ms);
        // What their timers have begun would meet the next calls.
        if (this.#handles.length > 1) for (const { cache } of this.#handles) await cache.sweep();
        return;
      case 'set-clock-back': {
        const { clock } = this.#context;
        return clock.setWallTime(clock.now() - command.ms);
      }
      case 'reopen': {
        await this.#compareCounts(what);
        const cache = await this.#context.reopen(this.cache);
        this.#handles[0] = { cache, counts: { hits: 0, misses: 0, writes: 0, deletes: 0 } };
        return;
      }
      case 'switch-handle':
        return this.#switch();
      default:
        assertEqual(await this.#call(command), this.#expect(command), what);
    }
  }

  #switch(): void {
    this.#handles.push(...this.#handles.splice(0, 1));
  }

  /** What is handed over is the caller's again as soon as the call returns. */
  #call(change: CacheChange): Promise<unknown> {
    switch (change.kind) {
      case 'set': {
        const { kind: _, key, value, tags = [], ...options } = change;
        const own = [...tags];
        const setting = this.cache.set(key, value, { ...options, tags: own });
        own.fill('another').push('more');
        return setting;
      }
      case 'set-many': {
        const own = [...change.entries];
        const setting = this.cache.setMany(own);
        own.fill({ key: 'another', value: 'more' });
        return setting;
      }
      case 'delete':
        return this.cache.delete(change.key);
      case 'invalidate':
        return this.cache.invalidate(change.selector);
      case 'clear':
        return this.cache.clear();
    }
  }

  /** What the model answers, which counts. */
  #expect(change: CacheChange): unknown {
    const answer = this.#model.change(change);
    const written =
      change.kind === 'set' ? [change] : change.kind === 'set-many' ? change.entries : [];
    const keys = new Set(written.map(({ key }) => key));
    for (const key of keys) this.#keys.add(key);
    // Of equal keys in a batch one is written.
    this.#handle.counts.writes += keys.size;
    this.#handle.counts.deletes += Number(answer ?? 0);
    return answer;
  }

  #read(key: string): CacheValue | undefined {
    const value = this.#model.get(key);
    this.#handle.counts[value === undefined ? 'misses' : 'hits'] += 1;
    return value;
  }

  async #compareValues(keys: readonly string[], what: string): Promise<void> {
    const own = [...keys];
    const reading = this.cache.getMany(own);
    own.fill('another');
    const values = await reading;
    assertEqual(values.length, keys.length, `${what}: how many answers getMany gives`);
    for (const [i, key] of keys.entries()) {
      assertSameValue(values[i], this.#read(key), `${what}: getMany of ${key}`);
    }
  }

  async #compareKeys(prefix: string, what: string): Promise<void> {
    const keys = await this.cache.keys(prefix);
    assertEqual(keys.sort(), this.#model.keys(prefix), `${what}: the keys from ${prefix}`);
  }

  async #compareCounts(what: string): Promise<void> {
    const counts = countsOf(await this.cache.stats());
    assertEqual(counts, this.#handle.counts, `${what}: what it has counted`);
  }
}

function countsOf({ hits, misses, writes, deletes }: CacheStatistics): Handle['counts'] {
  return { hits, misses, writes, deletes };
}

function assertSameValue(actual: unknown, expected: unknown, what: string): void {
  assertEqual(comparable(actual), comparable(expected), what);
}

/** Series by name, and numbers by their bytes: NaN has many bit patterns. */
function comparable(value: unknown): unknown {
  if (value instanceof CandleSeries) return { CandleSeries: { ...value } };
  if (value instanceof Float64Array) {
    return { Float64Array: new Uint8Array(value.buffer, value.byteOffset, value.byteLength) };
  }
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, comparable(part)]));
}
