import { BarkeepError } from './barkeep-error.ts';
import { type CallOptions, throwIfAborted, untilAborted } from './call-options.ts';

/** The life of everything that is opened and closed. */
export type HandleState = 'idle' | 'opening' | 'open' | 'closing' | 'closed';

/**
 * Something that is opened once and closed once: storages, caches, services.
 *
 * `open` and `close` may be called again and by several callers at a time: all get the same outcome.
 * A handle whose opening failed is `closed` and stays so; make a new one. A `close` that comes while
 * the handle opens lets it finish, and then releases what it acquired.
 */
export abstract class Handle implements AsyncDisposable {
  /** What error messages call it, such as `storage-sqlite`. */
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
   * Makes the handle ready for use.
   * An `AbortSignal` gives up the waiting, not the opening: call `close` to be rid of it.
   * @throws BarkeepError `NOT_OPEN` after `close`; whatever kept it from opening.
   */
  async open(options: CallOptions = {}): Promise<void> {
    if (this.#closing !== undefined) throw this.notOpen();
    throwIfAborted(options.signal);
    this.#opening ??= this.#open();
    await untilAborted(this.#opening, options.signal);
  }

  /**
   * Finishes what is under way, then releases everything. Never opened: nothing to do. Work that runs
   * in the handle may call it, but must not await it: it would wait for itself.
   */
  close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing';
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Acquires what the handle needs. When it throws, it has released all it acquired. */
  protected abstract _open(): Promise<void>;

  /** Releases what `_open` acquired; called at most once, and only after `_open` succeeded. */
  protected abstract _close(): Promise<void>;

  /** @throws BarkeepError `NOT_OPEN` unless the state is `open`. */
  protected assertOpen(): void {
    if (this.#state !== 'open') throw this.notOpen();
  }

  /** Runs work that needs the handle open; `close` waits until it has settled. */
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

  /** What the methods below threw, as a `BarkeepError`: one of their own as it is, anything else as `INTERNAL`. */
  protected failure(error: unknown): BarkeepError {
    if (BarkeepError.is(error)) return error;
    const reason = error instanceof Error ? error.message : String(error);
    return new BarkeepError('INTERNAL', `${this.name} failed unexpectedly: ${reason}`, {
      details: { name: this.name },
      cause: error,
    });
  }

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
