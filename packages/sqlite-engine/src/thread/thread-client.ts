import { BarkeepError } from '@barkeep/core';
import type { EngineThread, EngineThreads } from './engine-thread.ts';
import { type ThreadCalls, type ThreadResponse, unpackError } from './thread-protocol.ts';

interface Pending {
  resolve(value: unknown): void;
  reject(error: BarkeepError): void;
}

/** More calls than any sane program has under way on one connection: a bound, not a tuning knob. */
const MOST_PENDING = 10_000;

/**
 * One SQLite connection in a thread of its own, seen from the main thread. The thread answers calls
 * in their order. An idle one does not keep the process alive.
 */
export class ThreadClient<Calls extends ThreadCalls> {
  readonly #threads: EngineThreads;
  readonly #worker: EngineThread;
  readonly #onFailure: (error: BarkeepError) => void;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #failure: BarkeepError | undefined;
  #closing: Promise<void> | undefined;
  #isKilled = false;

  /** `onFailure` is called when work that the thread does by itself has failed. */
  constructor(threads: EngineThreads, onFailure: (error: BarkeepError) => void) {
    this.#threads = threads;
    this.#onFailure = onFailure;
    this.#worker = threads.take();
    // What the thread sends are its answers.
    this.#worker.on('message', (response) => this.#settle(response as ThreadResponse));
    this.#worker.on('messageerror', (cause) => this.#fail(cause));
    this.#worker.on('error', (cause) => this.#fail(cause));
    this.#worker.on('exit', () => this.#fail(undefined));
  }

  /** Whether the thread has ended, or the client was closed: no call succeeds any more. */
  get hasEnded(): boolean {
    return this.#failure !== undefined;
  }

  /** How many calls wait for their answer. */
  get pending(): number {
    return this.#pending.size;
  }

  /**
   * Has the worker run one method. Buffers in `transfer` are moved there.
   * @throws BarkeepError as the method does; `OVERLOADED` beyond 10,000 calls under way; `INTERNAL`
   * when the worker has died.
   */
  call<M extends keyof Calls & string>(
    method: M,
    parameters: Parameters<Calls[M]>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<ReturnType<Calls[M]>> {
    // The thread runs the method of this name.
    return this.#send(method, parameters, transfer) as Promise<ReturnType<Calls[M]>>;
  }

  /** Closes the connection and gives the thread back; the client is of no use after it. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Ends the thread at once. What is under way fails; SQLite undoes what was not committed. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    await this.#worker.terminate();
  }

  #send(
    method: string,
    parameters: readonly unknown[],
    transfer: readonly ArrayBuffer[],
  ): Promise<unknown> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#pending.size >= MOST_PENDING) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      const id = this.#lastId;
      this.#worker.postMessage({ id, method, parameters }, transfer);
      this.#pending.set(id, { resolve, reject });
      this.#worker.ref();
    });
  }

  async #close(): Promise<void> {
    try {
      if (this.#failure === undefined) await this.#send('close', [], []);
    } catch (error) {
      await this.kill();
      throw error;
    }
    if (this.#failure !== undefined) return this.kill();
    this.#failure = ended(undefined);
    await this.#threads.giveBack(this.#worker);
  }

  #settle(response: ThreadResponse): void {
    if ('failure' in response) {
      this.#onFailure(unpackError(response.failure));
      return;
    }
    const pending = this.#pending.get(response.id);
    this.#pending.delete(response.id);
    // A thread that is being ended holds the process until it has: somebody waits for that.
    if (this.#pending.size === 0 && !this.#isKilled) this.#worker.unref();
    if ('error' in response) pending?.reject(unpackError(response.error));
    else pending?.resolve(response.value);
  }

  #fail(cause: unknown): void {
    this.#failure ??= ended(cause);
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
  }
}

function ended(cause: unknown): BarkeepError {
  if (BarkeepError.is(cause)) return cause;
  const reason = cause instanceof Error ? `: ${cause.message}` : '';
  const message = `the SQLite worker thread has ended; open the storage anew${reason}`;
  return new BarkeepError('INTERNAL', message, { cause });
}

function overloaded(): BarkeepError {
  return new BarkeepError('OVERLOADED', `more than ${MOST_PENDING} calls are under way`, {
    details: { limit: MOST_PENDING },
  });
}
