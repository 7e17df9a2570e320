import type { CacheSetOptions, CacheStatistics, IDataCache } from '@barkeep/cache';
import { BarkeepError } from '@barkeep/core';
import { assertDefined, assertEqual, assertTrue } from '../../assertions.ts';
import { isEqual } from '../../is-equal.ts';
import { OtherProcess } from '../../other-process.ts';
import type { CacheContext } from '../cache-scenario.ts';
import { ABORT, type AnyCall, type CacheChange, type CacheCommand } from './cache-command.ts';
import { type CacheCounts, CacheModel } from './cache-model.ts';

/** A cache here, or in a process, whose clock stands still. */
export type CacheHandle = IDataCache | OtherProcess;

/** Takes caches over the same entries and the model through the same commands, and compares them. */
export class CacheModelRun {
  /** How many changes were to fail, and did. */
  failures = 0;
  readonly #context: CacheContext;
  readonly #model: CacheModel;
  readonly #handles: CacheHandle[];
  readonly #counts = new Map<CacheHandle, CacheCounts>();

  /** @param handles The first one is in use; one that is reopened is replaced. */
  constructor(context: CacheContext, handles: CacheHandle[]) {
    this.#context = context;
    this.#model = new CacheModel(context.clock);
    this.#handles = handles;
  }

  /** Begins and ends with nothing stored. */
  async execute(commands: readonly CacheCommand[]): Promise<void> {
    await ask(this.#handle, 'clear');
    for (const handle of this.#handles) {
      this.#counts.set(handle, countsOf((await ask(handle, 'stats')) as CacheStatistics));
    }
    this.#useFirst();
    const { bytes } = await this.#stats();
    for (const [i, command] of commands.entries()) {
      await this.#step(command, `command ${i}, ${command[0]}`);
    }
    for (const _ of this.#handles) {
      this.#switchHandle();
      await this.#compare(['getMany', [...this.#model.written]], 'in the end, getMany');
      await this.#compare(['keys'], 'in the end, keys');
      await this.#compareStats('in the end');
    }
    await ask(this.#handle, 'clear');
    assertEqual((await this.#stats()).bytes, bytes, 'bytes when it is empty again');
  }

  async #step(command: CacheCommand, what: string): Promise<void> {
    switch (command[0]) {
      case 'at-once': {
        const [, ...calls] = command;
        const answers = await Promise.all(calls.map((one) => this.#call(one)));
        const expected = calls.map((one) => this.#expect(one));
        return assertEqual(answers, expected, what);
      }
      case 'failing':
        return this.#fail(command[1], command[2], `${what} of ${command[2][0]} by ${command[1]}`);
      case 'sweep':
        return this.#compareStats(what);
      case 'advance':
        await this.#context.advance(command[1]);
        // What their timers have begun would meet the next calls.
        if (this.#handles.length > 1) for (const one of this.#handles) await ask(one, 'sweep');
        return;
      case 'set-clock-back': {
        const { clock } = this.#context;
        return clock.setWallTime(clock.now() - command[1]);
      }
      case 'reopen':
        return this.#reopen(what);
      case 'switch-handle':
        return this.#switchHandle();
      default:
        return this.#compare(command, what);
    }
  }

  async #compare(call: AnyCall, what: string): Promise<void> {
    const answer = await this.#call(call);
    const expected = this.#expect(call);
    if (call[0] === 'keys' && Array.isArray(answer)) answer.sort();
    if (call[0] !== 'getMany') return assertEqual(answer, expected, what);
    const values = new Map(Object.entries(Object(answer)));
    assertEqual(values.size, call[1].length, `${what}: how many answers it gives`);
    for (const [i, value] of values) {
      assertEqual(value, Object(expected)[i], `${what}: ${call[1][Number(i)]}`);
    }
  }

  async #compareStats(what: string): Promise<void> {
    await ask(this.#handle, 'sweep');
    const stats = await this.#stats();
    assertEqual(stats.entries, this.#model.keys().length, `${what}: entries after a sweep`);
    assertEqual(countsOf(stats), this.#model.counts, `${what}: what it has counted`);
  }

  /** What was there is right or gone. */
  async #fail(way: string, change: CacheChange, what: string): Promise<void> {
    const handle = this.#handle;
    assertTrue(!(handle instanceof OtherProcess), 'only what is here can be made to fail');
    const { writes } = await this.#stats();
    const known = new Map([...this.#model.written].map((key) => [key, this.#model.get(key)]));
    const abort = new AbortController();
    const end = way === ABORT ? async () => undefined : await this.#context.beginFault(way, handle);
    const calling = this.#call(change, abort.signal);
    if (way === ABORT) abort.abort(new Error('enough'));
    const [outcome] = await Promise.allSettled([calling]);
    this.#expect(change);
    const keys = [...this.#model.written];
    const during = await handle.getMany(keys);
    await end();
    const after = await handle.getMany(keys);
    const changed = this.#model.getMany(keys);
    if (outcome.status === 'fulfilled') {
      assertEqual(after, changed, `${what}: what it resolved to have done`);
    } else {
      this.failures += 1;
      const isKnown = BarkeepError.is(outcome.reason, way === ABORT ? 'ABORTED' : undefined);
      assertTrue(isKnown, `${what}: it fails with a BarkeepError, not ${outcome.reason}`);
      if (way !== ABORT)
        assertEqual((await this.#stats()).writes, writes, `${what}: writes counted`);
      for (const [i, key] of keys.entries()) {
        for (const value of [during[i], after[i]]) {
          const isRight = [undefined, known.get(key), changed[i]].some((one) =>
            isEqual(one, value),
          );
          if (!isRight) assertEqual(value, known.get(key), `${what}: ${key}, before or after`);
        }
      }
    }
    await handle.clear();
    this.#model.clear();
    Object.assign(this.#model.counts, countsOf(await handle.stats()));
  }

  /** Does nothing to entries that need not survive it. */
  async #reopen(what: string): Promise<void> {
    const handle = this.#handle;
    if (!(handle instanceof OtherProcess)) {
      if (!handle.capabilities.persistent) return;
      const counts = countsOf(await this.#stats());
      assertEqual(counts, this.#model.counts, `${what}: what it had counted before`);
    }
    const cache = await this.#context.reopen(handle);
    this.#handles[0] = cache;
    this.#counts.set(cache, { hits: 0, misses: 0, writes: 0, deletes: 0 });
    this.#useFirst();
  }

  get #handle(): CacheHandle {
    return assertDefined(this.#handles[0], 'a handle');
  }

  #switchHandle(): void {
    this.#handles.push(...this.#handles.splice(0, 1));
    this.#useFirst();
  }

  #useFirst(): void {
    this.#model.counts = assertDefined(this.#counts.get(this.#handle), 'counts');
  }

  async #stats(): Promise<CacheStatistics> {
    return (await ask(this.#handle, 'stats')) as CacheStatistics;
  }

  /** What is handed over is the caller's again as soon as the call returns. */
  #call([method, ...parameters]: AnyCall, signal?: AbortSignal): Promise<unknown> {
    const [first, value, options = {}] = parameters as [unknown, unknown, CacheSetOptions?];
    const list = Array.isArray(first) ? [...first] : undefined;
    const tags = options.tags && [...options.tags];
    const own = method === 'set' ? [first, value, { ...options, tags, signal }] : [...parameters];
    if (list !== undefined) own[0] = list;
    if (signal !== undefined && method !== 'set') own.push({ signal });
    const answer = ask(this.#handle, method, ...own);
    list?.fill('another');
    tags?.fill('another').push('more');
    return answer;
  }

  #expect([method, ...parameters]: AnyCall): unknown {
    return Reflect.apply(this.#model[method], this.#model, parameters);
  }
}

/** Calls a method. */
export function ask(
  handle: CacheHandle,
  method: AnyCall[0] | 'sweep' | 'stats',
  ...parameters: readonly unknown[]
): Promise<unknown> {
  if (handle instanceof OtherProcess) return handle.call(method, ...parameters);
  return Reflect.apply(handle[method], handle, parameters);
}

function countsOf({ hits, misses, writes, deletes }: CacheStatistics): CacheCounts {
  return { hits, misses, writes, deletes };
}
