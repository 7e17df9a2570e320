import type { CacheSetOptions, CacheStatistics, IDataCache } from '@barkeep/cache';
import { BarkeepError } from '@barkeep/core';
import { assertDefined, assertEqual, assertTrue } from '../../assertions.ts';
import { isEqual } from '../../is-equal.ts';
import { OtherProcess } from '../../other-process.ts';
import { showValue } from '../../show-value.ts';
import type { CacheContext } from '../cache-scenario.ts';
import {
  ABORT,
  type AnyCall,
  type CacheChange,
  type CacheCommand,
  START,
} from './cache-command.ts';
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

  /** @param handles The first one is in use; one that is reopened is replaced. */
  constructor(context: CacheContext, handles: CacheHandle[]) {
    this.#context = context;
    this.#model = new CacheModel(context.clock);
    this.#handles = handles;
  }

  /** Begins and ends with nothing stored. */
  async execute(commands: readonly CacheCommand[]): Promise<void> {
    await ask(this.#handle, 'clear');
    this.#context.clock.setWallTime(START);
    const { bytes } = await statsOf(this.#handle);
    this.#model.counts = await this.#counts();
    for (const [i, command] of commands.entries()) {
      await this.#step(command, `command ${i}, ${showValue(command, 100)}`);
    }
    for (const _ of this.#handles) {
      await this.#step(['switch-handle'], 'in the end');
      await this.#step(['getMany', [...this.#model.written]], 'in the end, getMany');
      await this.#step(['keys', ''], 'in the end, keys');
      await this.#step(['sweep'], 'in the end');
    }
    await ask(this.#handle, 'clear');
    assertEqual((await statsOf(this.#handle)).bytes, bytes, 'bytes when it is empty again');
  }

  async #step(command: CacheCommand, what: string): Promise<void> {
    const model = this.#model;
    switch (command[0]) {
      case 'at-once': {
        const [, ...calls] = command;
        const answers = await Promise.all(calls.map((one) => this.#call(one)));
        return assertEqual(
          answers,
          calls.map((one) => this.#expect(one)),
          what,
        );
      }
      case 'failing':
        return this.#fail(command[1], command[2], what);
      case 'advance':
        await this.#context.advance(command[1]);
        // What their timers have begun would meet the next calls.
        if (this.#handles.length > 1) for (const one of this.#handles) await ask(one, 'sweep');
        return;
      case 'set-clock-back': {
        const { clock } = this.#context;
        return clock.setWallTime(clock.now() - command[1]);
      }
      case 'sweep': {
        await ask(this.#handle, 'sweep');
        const { entries } = await statsOf(this.#handle);
        assertEqual(entries, model.keys('').length, `${what}: entries after a sweep`);
        return assertEqual(await this.#counts(), model.counts, `${what}: what it has counted`);
      }
      case 'reopen': {
        const handle = this.#handle;
        if (!(handle instanceof OtherProcess) && !handle.capabilities.persistent) return;
        assertEqual(await this.#counts(), model.counts, `${what}: what it had counted`);
        this.#handles[0] = await this.#context.reopen(handle);
        model.counts = await this.#counts();
        return;
      }
      case 'switch-handle':
        this.#handles.push(...this.#handles.splice(0, 1));
        return;
      default: {
        const answer = await this.#call(command);
        if (command[0] === 'keys' && Array.isArray(answer)) answer.sort();
        assertEqual(answer, this.#expect(command), what);
      }
    }
  }

  /** What was there is right or gone. */
  async #fail(way: string, change: CacheChange, what: string): Promise<void> {
    const handle = this.#handle;
    assertTrue(!(handle instanceof OtherProcess), 'only what is here can be made to fail');
    const known = new Map([...this.#model.written].map((key) => [key, this.#model.get(key)]));
    const abort = new AbortController();
    const isAbort = way === ABORT;
    const end = isAbort ? undefined : await this.#context.beginFault(way, handle);
    const calling = this.#call(change, abort.signal);
    if (isAbort) abort.abort(new Error('enough'));
    const [outcome] = await Promise.allSettled([calling]);
    await end?.();
    const isDone = outcome.status === 'fulfilled';
    if (!isDone) {
      this.failures += 1;
      const isKnown = BarkeepError.is(outcome.reason, isAbort ? 'ABORTED' : undefined);
      assertTrue(isKnown, `${what}: it fails with a BarkeepError, not ${outcome.reason}`);
    }
    this.#expect(change);
    for (const key of this.#model.written) {
      const value = await handle.get(key);
      const changed = this.#model.get(key);
      const isRight =
        isEqual(value, changed) ||
        (!isDone && (value === undefined || isEqual(value, known.get(key))));
      if (!isRight) assertEqual(value, changed, `${what}: ${key} afterwards, or what it was`);
    }
    await handle.clear();
    this.#model.clear();
    this.#model.counts = await this.#counts();
  }

  get #handle(): CacheHandle {
    return assertDefined(this.#handles[0], 'a handle');
  }

  /** Of all handles together. */
  async #counts(): Promise<CacheCounts> {
    const counts: CacheCounts = { hits: 0, misses: 0, writes: 0, deletes: 0 };
    for (const handle of this.#handles) {
      const { hits, misses, writes, deletes } = await statsOf(handle);
      counts.hits += hits;
      counts.misses += misses;
      counts.writes += writes;
      counts.deletes += deletes;
    }
    return counts;
  }

  /** What is handed over is the caller's again as soon as the call returns. */
  #call([method, ...parameters]: AnyCall, signal?: AbortSignal): Promise<unknown> {
    const [first, value, options] = parameters as [unknown?, unknown?, CacheSetOptions?];
    const list = Array.isArray(first) ? [...first] : first;
    const tags = [...(options?.tags ?? [])];
    const rest = method === 'set' ? [value, { ...options, tags, signal }] : [{ signal }];
    const answer = ask(this.#handle, method, ...(method === 'clear' ? rest : [list, ...rest]));
    if (Array.isArray(list)) list.fill('another');
    tags.fill('another').push('more');
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

async function statsOf(handle: CacheHandle): Promise<CacheStatistics> {
  return (await ask(handle, 'stats')) as CacheStatistics;
}
