import { BarkeepError, systemClock } from '@barkeep/core';
import { allSettled } from './all-settled.ts';
import type { KeyvLike } from './keyv-like.ts';

/** Keys and writes handed to the store at a time. */
const BATCH = 256;
/** Keyv's word for no expiry. */
const NEVER = 0;
/** When this many of them fail first, all are taken to. */
const MOST_DOUBTFUL = 8;

/**
 * A Keyv whose failures cannot be mistaken for anything else. Keyv and its stores tell of a failure
 * in three ways: they throw, they emit `error` and answer as if nothing were there, or they return
 * `false` from a write. An `error` during a call fails that call, also when another call caused it.
 */
export class KeyvAccess {
  readonly #keyv: KeyvLike;
  readonly #timeoutMs: number;
  readonly #readsMany: boolean;
  readonly #onForeign: (values: number) => void;
  #errors = 0;
  #lastError: unknown;
  readonly #onError = (error: unknown): void => {
    this.#errors += 1;
    this.#lastError = error;
  };

  /** @param onForeign Called with how many values were found that are none of ours. */
  constructor(keyv: KeyvLike, timeoutMs: number, onForeign: (values: number) => void) {
    this.#keyv = keyv;
    this.#onForeign = onForeign;
    this.#timeoutMs = timeoutMs;
    const { store } = keyv;
    // Keyv 5 swallows what a store without a `getMany` of its own throws in a batch.
    this.#readsMany = typeof (store as { getMany?: unknown } | null)?.getMany === 'function';
  }

  listen(): void {
    this.#keyv.on('error', this.#onError);
  }

  /** Leaves the Keyv as it was. */
  release(): void {
    this.#keyv.off('error', this.#onError);
  }

  async disconnect(): Promise<void> {
    await this.#guarded(() => this.#keyv.disconnect());
  }

  /** The texts in the order of the keys; `undefined` where there is none, or something else. */
  async getMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    const found: (string | undefined)[] = [];
    for (let start = 0; start < keys.length; start += BATCH) {
      for (const stored of await this.#readBatch(keys.slice(start, start + BATCH))) {
        const text = textIn(stored);
        if (text === undefined && stored !== undefined && stored !== null) this.#onForeign(1);
        found.push(text);
      }
    }
    return found;
  }

  /** Writes texts that are cleaned up after `ttlMs`; without it, never. */
  async setMany(entries: readonly (readonly [string, string, number?])[]): Promise<void> {
    // Without a number the Keyv's own default would count.
    await this.#each(entries, async ([key, text, ttlMs = NEVER]) => {
      if ((await this.#keyv.set(key, text, ttlMs)) === false) throw refused();
    });
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    // `false` says that nothing was there.
    await this.#each(keys, async (key) => this.#keyv.delete(key));
  }

  async #readBatch(keys: readonly string[]): Promise<readonly unknown[]> {
    try {
      return await this.#guarded(() =>
        this.#readsMany
          ? this.#keyv.getManyRaw([...keys])
          : Promise.all(keys.map((key) => this.#keyv.getRaw(key))),
      );
    } catch (error) {
      if (BarkeepError.is(error, 'TIMEOUT')) throw error;
      return this.#readEach(keys, error);
    }
  }

  /**
   * One value that Keyv cannot read fails the whole batch. Where any other can be, it is not the store
   * that fails. One after the other, because an `error` says of no call which it is about.
   */
  async #readEach(keys: readonly string[], failure: unknown): Promise<readonly unknown[]> {
    const stored: unknown[] = [];
    let unread = 0;
    let doubtful = 0;
    for (const key of keys) {
      try {
        stored.push(await this.#guarded(() => this.#keyv.getRaw(key)));
      } catch (error) {
        if (BarkeepError.is(error, 'TIMEOUT')) throw error;
        stored.push(undefined);
        unread += 1;
        if (!isUnparsed(error)) doubtful += 1;
      }
      // A store that fails need not be asked for all of them.
      if (doubtful === Math.min(keys.length, MOST_DOUBTFUL) && doubtful === stored.length) {
        throw failure;
      }
    }
    this.#onForeign(unread);
    return stored;
  }

  async #each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
    for (let start = 0; start < items.length; start += BATCH) {
      await this.#guarded(() => allSettled(items.slice(start, start + BATCH).map(work)));
    }
  }

  /** @throws BarkeepError `UNAVAILABLE` or `TIMEOUT`. */
  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    const errorsBefore = this.#errors;
    try {
      const result = await this.#inTime(work());
      if (this.#errors !== errorsBefore) throw this.#lastError;
      return result;
    } catch (cause) {
      throw storeFailure(cause);
    }
  }

  #inTime<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const onTime = (): void => {
        const message = `the Keyv store did not answer within ${this.#timeoutMs} ms`;
        reject(new BarkeepError('TIMEOUT', message));
      };
      // The machine's clock: it is the machine that is waited for.
      const timer = systemClock.setTimer(onTime, this.#timeoutMs, { keepsProcessAlive: true });
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}

/** What Keyv makes of a value that is no JSON, and Keyv 5 of `null`; no store fails so. */
function isUnparsed(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof SyntaxError) return true;
  return cause instanceof TypeError && cause.message.includes("reading 'expires'");
}

/** The text of `{ value }`; what is no text is not of this cache. */
function textIn(stored: unknown): string | undefined {
  if (typeof stored !== 'object' || stored === null || !('value' in stored)) return undefined;
  return typeof stored.value === 'string' ? stored.value : undefined;
}

function refused(): BarkeepError {
  return new BarkeepError('UNAVAILABLE', 'the Keyv store refused a write');
}

function storeFailure(cause: unknown): BarkeepError {
  if (BarkeepError.is(cause)) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BarkeepError('UNAVAILABLE', `the Keyv store failed: ${reason}`, {
    cause,
  });
}
