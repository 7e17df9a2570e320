import { abortedError, BarkeepError, throwIfAborted } from '@barkeep/core';
import { unavailable } from './browser-failure.ts';
import { webLocks } from './web-locks.ts';

export interface LockWait {
  /** How long to wait for whoever holds the lock; 0: not at all. */
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A database that one page of an origin holds at a time (https://w3c.github.io/web-locks/). */
export class ExclusiveLock {
  readonly #name: string;
  readonly #database: string;
  /** Ends the wait for the lock. */
  #taking: AbortController | undefined;
  #held: Promise<unknown> | undefined;
  #release: (() => void) | undefined;

  /** `name` is the lock's own; errors name the database. */
  constructor(name: string, database: string) {
    this.#name = name;
    this.#database = database;
  }

  /**
   * @throws BarkeepError `BUSY` when it is still held after the wait; `ABORTED`; `CANNOT_OPEN` where there
   * are no locks.
   */
  async take({ waitMs, signal }: LockWait): Promise<void> {
    throwIfAborted(signal);
    if (this.#taking !== undefined || this.#release !== undefined) throw this.#busy(true);
    const taking = new AbortController();
    this.#taking = taking;
    const giveUp = (): void => taking.abort();
    signal?.addEventListener('abort', giveUp);
    const timer = waitMs === 0 ? undefined : setTimeout(giveUp, waitMs);
    try {
      await this.#request(waitMs === 0 ? { ifAvailable: true } : { signal: taking.signal });
    } catch (error) {
      throw signal?.aborted ? abortedError(signal) : error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
      this.#taking = undefined;
    }
  }

  /** @throws BarkeepError `BUSY` when it is not ours, or was taken from us. */
  assertHeld(): void {
    if (this.#release === undefined) throw this.#busy(false);
  }

  /** Resolves when somebody else can take it. Whoever is still waiting for it stops. */
  async release(): Promise<void> {
    this.#taking?.abort();
    this.#release?.();
    this.#release = undefined;
    await this.#held;
  }

  async #request(options: LockOptions): Promise<void> {
    const locks = webLocks();
    if (locks === undefined) throw unavailable(this.#database, 'Web Locks');
    await new Promise<void>((resolve, reject) => {
      const held = locks.request(this.#name, options, (lock) => {
        if (lock === null) throw this.#busy(true);
        resolve();
        return new Promise<void>((release) => {
          this.#release = release;
        });
      });
      this.#held = held.catch((cause) => {
        this.#release = undefined;
        reject(BarkeepError.is(cause) ? cause : this.#busy(true, cause));
      });
    });
  }

  #busy(retryable: boolean, cause?: unknown): BarkeepError {
    const details = { path: this.#database, lock: this.#name };
    const message = `another tab or worker has the database ${this.#database} open`;
    return new BarkeepError('BUSY', message, { retryable, details, cause });
  }
}
