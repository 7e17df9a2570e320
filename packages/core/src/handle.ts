import { BarkeepError } from './barkeep-error.ts';
import { type CallOptions, throwIfAborted, untilAborted } from './call-options.ts';

/** The lifecycle of everything that is opened and closed. */
export type HandleState = 'idle' | 'opening' | 'open' | 'closing' | 'closed';

/**
 * Base of everything that is opened once and closed once: storages, caches, services.
 *
 * `open` and `close` may be called repeatedly and concurrently; every caller gets the same outcome.
 * If opening fails, the handle is `closed` for good: create a new one. Calling `close` while the
 * handle is opening lets the opening finish, then releases what it acquired.
 */
export abstract class Handle implements AsyncDisposable {
  /** The name used in error messages, such as `storage-sqlite`. */
  readonly name: string;
  #state: HandleState = 'idle';
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #inUse = 0;
  #onUnused: (() => void) | undefined;

  protected constructor(name: string) {
    this.name = name;
  }

  get state(): HandleState {
    return this.#state;
  }

  /**
   * Opens the handle. An `AbortSignal` only stops the wait, not the opening: call `close` to undo
   * it.
   * @throws BarkeepError `NOT_OPEN` after `close`, or the error that prevented opening.
   */
  async open(options: CallOptions = {}): Promise<void> {
    if (this.#closing !== undefined) throw this.notOpen();
    throwIfAborted(options.signal);
    this.#opening ??= this.#open();
    await untilAborted(this.#opening, options.signal);
  }

  /**
   * Waits for running calls, then releases all resources. Does nothing if the handle was never
   * opened. Code running inside a call may start `close` but must not await it, or it would wait
   * for itself.
   */
  close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing';
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Acquires resources. If it throws, it must have released everything it acquired. */
  protected abstract _open(): Promise<void>;

  /** Releases what `_open` acquired. Called at most once, and only if `_open` succeeded. */
  protected abstract _close(): Promise<void>;

  /**
   * Throws unless the handle is open.
   * @throws BarkeepError `NOT_OPEN`.
   */
  protected assertOpen(): void {
    if (this.#state !== 'open') throw this.notOpen();
  }

  /**
   * Runs work while the handle is open. `close` waits for the work to settle.
   * @throws BarkeepError `NOT_OPEN`.
   */
  protected async use<T>(work: () => Promise<T>): Promise<T> {
    this.assertOpen();
    this.#inUse += 1;
    try {
      return await work();
    } finally {
      this.#inUse -= 1;
      if (this.#inUse === 0) this.#onUnused?.();
    }
  }

  /**
   * Converts an error of the implementation: a BarkeepError is returned as is, anything else
   * becomes `INTERNAL`.
   */
  protected failure(error: unknown): BarkeepError {
    if (BarkeepError.is(error)) return error;
    const reason = error instanceof Error ? error.message : String(error);
    return new BarkeepError('INTERNAL', `${this.name} failed unexpectedly: ${reason}`, {
      details: { name: this.name },
      cause: error,
    });
  }

  /** Returns the `NOT_OPEN` error for the current state. */
  protected notOpen(): BarkeepError {
    const hint =
      this.#state === 'idle' || this.#state === 'opening' ? 'await open() first' : 'make a new one';
    return new BarkeepError('NOT_OPEN', `${this.name} is ${this.#state}: ${hint}`, {
      details: { name: this.name, state: this.#state },
    });
  }

  async #open(): Promise<void> {
    this.#state = 'opening';
    try {
      await this._open();
      this.#state = this.#closing === undefined ? 'open' : 'closing';
    } catch (error) {
      this.#state = 'closed';
      throw this.failure(error);
    }
  }

  async #close(): Promise<void> {
    const opened =
      this.#opening === undefined
        ? false
        : await this.#opening.then(
            () => true,
            () => false,
          );
    if (!opened) {
      this.#state = 'closed';
      return;
    }
    if (this.#inUse > 0)
      await new Promise<void>((resolve) => {
        this.#onUnused = resolve;
      });
    try {
      await this._close();
    } catch (error) {
      throw this.failure(error);
    } finally {
      this.#state = 'closed';
    }
  }
}
