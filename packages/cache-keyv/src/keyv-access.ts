import { BarkeepError, systemClock } from '@barkeep/core';
import { allSettled } from './all-settled.ts';
import type { KeyvLike } from './keyv-like.ts';

/** Keys and writes handed to the store at a time. */
const BATCH = 256;
/** Keyv's word for no expiry. */
const NEVER = 0;

/**
 * A Keyv whose failures cannot be mistaken for anything else. Keyv and its stores tell of a failure
 * in three ways: they throw, they emit `error` and answer as if nothing were there, or they return
 * `false` from a write. An `error` during a call fails that call, also when another call caused it.
 */
export class KeyvAccess {
  readonly #keyv: KeyvLike;
  readonly #timeoutMs: number;
  readonly #readsMany: boolean;
  #errors = 0;
  #lastError: unknown;
  readonly #onError = (error: unknown): void => {
    this.#errors += 1;
    this.#lastError = error;
  };

  constructor(keyv: KeyvLike, timeoutMs: number) {
    this.#keyv = keyv;
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

  /** The texts in the order of the keys; `undefined` where there is none. */
  async getMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    const found: (string | undefined)[] = [];
    for (let start = 0; start < keys.length; start += BATCH) {
      const batch = keys.slice(start, start + BATCH);
      const stored = await this.#guarded(() =>
        this.#readsMany
          ? this.#keyv.getManyRaw(batch)
          : Promise.all(batch.map((key) => this.#keyv.getRaw(key))),
      );
      for (const one of stored) found.push(textIn(one));
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
        reject(new BarkeepError('TIMEOUT', message, { retryable: true }));
      };
      // The machine's clock: it is the machine that is waited for.
      const timer = systemClock.setTimer(onTime, this.#timeoutMs, { keepsProcessAlive: true });
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}

/** The text of `{ value }`; what is no text is not of this cache. */
function textIn(stored: unknown): string | undefined {
  if (typeof stored !== 'object' || stored === null || !('value' in stored)) return undefined;
  return typeof stored.value === 'string' ? stored.value : undefined;
}

function refused(): BarkeepError {
  return new BarkeepError('UNAVAILABLE', 'the Keyv store refused a write', { retryable: true });
}

function storeFailure(cause: unknown): BarkeepError {
  if (BarkeepError.is(cause)) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BarkeepError('UNAVAILABLE', `the Keyv store failed: ${reason}`, {
    cause,
    retryable: true,
  });
}
