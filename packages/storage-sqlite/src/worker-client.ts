import { Worker } from 'node:worker_threads';
import { BarkeepError } from '@barkeep/core';
import {
  unpackError,
  type WorkerCalls,
  type WorkerMethod,
  type WorkerResponse,
} from './worker-protocol.ts';

interface Pending {
  resolve(value: unknown): void;
  reject(error: BarkeepError): void;
}

/** More calls than any sane program has under way on one connection: a bound, not a tuning knob. */
const MOST_PENDING = 10_000;

/** Sources import each other as `.ts`, the build as `.js`. */
const WORKER_URL = new URL(
  `./sqlite-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`,
  import.meta.url,
);

/**
 * One SQLite connection in a worker thread, seen from the main thread. The worker answers calls in
 * their order. An idle one does not keep the process alive.
 */
export class WorkerClient {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #failure: BarkeepError | undefined;

  constructor() {
    this.#worker = new Worker(WORKER_URL, { name: 'barkeep-sqlite' });
    this.#worker.unref();
    this.#worker.on('message', (response: WorkerResponse) => this.#settle(response));
    this.#worker.on('messageerror', (cause) => this.#fail(cause));
    this.#worker.on('error', (cause) => this.#fail(cause));
    this.#worker.on('exit', () => this.#fail(undefined));
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
  call<M extends WorkerMethod>(
    method: M,
    parameters: Parameters<WorkerCalls[M]>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<ReturnType<WorkerCalls[M]>> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#pending.size >= MOST_PENDING) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      const id = this.#lastId;
      this.#worker.postMessage({ id, method, parameters }, transfer);
      this.#pending.set(id, {
        resolve: (value) => resolve(value as ReturnType<WorkerCalls[M]>),
        reject,
      });
      this.#worker.ref();
    });
  }

  /** Closes the connection and ends the thread. */
  async close(): Promise<void> {
    try {
      if (this.#failure === undefined) await this.call('close', []);
    } finally {
      await this.#worker.terminate();
    }
  }

  #settle(response: WorkerResponse): void {
    const pending = this.#pending.get(response.id);
    this.#pending.delete(response.id);
    if (this.#pending.size === 0) this.#worker.unref();
    if ('error' in response) pending?.reject(unpackError(response.error));
    else pending?.resolve(response.value);
  }

  #fail(cause: unknown): void {
    this.#failure ??= new BarkeepError(
      'INTERNAL',
      'the SQLite worker thread has ended; open the storage anew',
      { cause },
    );
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
  }
}

function overloaded(): BarkeepError {
  return new BarkeepError('OVERLOADED', `more than ${MOST_PENDING} calls are under way`, {
    retryable: true,
    details: { limit: MOST_PENDING },
  });
}
