import { BarkeepError } from '@barkeep/core';
import { unavailable } from './browser-failure.ts';

/** A page that is being left or reloaded lets go a little after the next one has begun. */
const PATIENCE_MS = 1_000;

/** A name that one page of an origin holds at a time (https://w3c.github.io/web-locks/). */
export class ExclusiveLock {
  readonly #name: string;
  #isTaking = false;
  #held: Promise<unknown> | undefined;
  #release: (() => void) | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** @throws BarkeepError `BUSY` when it is held already; `CANNOT_OPEN` where there are no locks. */
  async take(): Promise<void> {
    if (this.#isTaking || this.#release !== undefined) throw busy(this.#name, true);
    this.#isTaking = true;
    try {
      await this.#request();
    } finally {
      this.#isTaking = false;
    }
  }

  /** @throws BarkeepError `BUSY` when it is not ours, or was taken from us. */
  assertHeld(): void {
    if (this.#release === undefined) throw busy(this.#name, false);
  }

  /** Resolves when somebody else can take it. */
  async release(): Promise<void> {
    this.#release?.();
    this.#release = undefined;
    await this.#held;
  }

  async #request(): Promise<void> {
    // Its types do not know that pages without https have none.
    const locks = navigator.locks as LockManager | undefined;
    if (locks === undefined) throw unavailable(this.#name, 'Web Locks');
    await new Promise<void>((resolve, reject) => {
      const held = locks.request(this.#name, { signal: AbortSignal.timeout(PATIENCE_MS) }, () => {
        resolve();
        return new Promise<void>((release) => {
          this.#release = release;
        });
      });
      this.#held = held.catch((cause) => {
        this.#release = undefined;
        reject(busy(this.#name, true, cause));
      });
    });
  }
}

function busy(name: string, retryable: boolean, cause?: unknown): BarkeepError {
  return new BarkeepError('BUSY', `another page or worker has ${name} open`, {
    retryable,
    details: { lock: name },
    cause,
  });
}
