import { BarkeepError, type Clock, type ClockTimer, systemClock } from '@barkeep/core';
import type { EngineThread } from '@barkeep/sqlite-engine';
import { type PolicyWatch, watchPolicy } from './policy-watch.ts';
import { webLocks } from './web-locks.ts';

/** What is used of a `Worker` of the web. */
export interface WebWorker {
  postMessage(message: unknown, transfer: readonly object[]): void;
  addEventListener(type: 'error', listener: (event: WebWorkerError) => void): void;
  terminate(): void;
}

/** What is used of an `ErrorEvent`. */
export interface WebWorkerError {
  readonly error?: unknown;
  readonly message?: string;
}

/** The first message to a worker: it answers calls at the port once SQLite is loaded. */
export interface WebWorkerGreeting {
  readonly port: MessagePort;
  /** Absolute. */
  readonly wasmUrl: string;
  /** A Web Lock that the worker holds as long as it lives; no event says that a worker has ended. */
  readonly life: string;
}

/** The first message from a worker: its script runs, and it holds the lock where there are any. */
export const ALIVE = 'barkeep/alive';

export interface WebWorkerThreadOptions {
  readonly wasmUrl: string;
  /** The script, where it is known: errors name it. */
  readonly address?: string;
  readonly clock?: Clock;
}

/** A script that is there runs much sooner, also over a slow line. */
const LONGEST_START_MS = 30_000;

type Listener = (value?: unknown) => void;

/**
 * A Web Worker as an engine's thread. Calls go through a port of their own, which keeps them while
 * SQLite is being loaded; messages to the worker itself would be lost if nobody listened yet.
 *
 * However the worker ends, the listeners are told: by the page, by itself, or by the browser.
 */
export class WebWorkerThread implements EngineThread {
  readonly #options: WebWorkerThreadOptions;
  readonly #policy: PolicyWatch = watchPolicy(['worker-src', 'script-src']);
  readonly #worker: WebWorker | undefined;
  readonly #port: MessagePort;
  readonly #life = `barkeep/worker/${crypto.getRandomValues(new Uint32Array(4)).join('-')}`;
  readonly #watching = new AbortController();
  readonly #starting: ClockTimer;
  readonly #listeners: Map<string, Listener[]> = new Map();
  #isAlive = false;

  constructor(start: () => WebWorker, options: WebWorkerThreadOptions) {
    this.#options = options;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }) => (data === ALIVE ? this.#live() : this.#tell('message', data));
    port1.onmessageerror = ({ data }) => this.#tell('messageerror', data);
    // Where browsers have this event, it also tells of a worker that ended before it lived.
    port1.addEventListener('close', () => this.#end());
    this.#starting = (options.clock ?? systemClock).setTimer(
      () => this.#tell('error', notStarted(options.address, 'it does not answer')),
      LONGEST_START_MS,
    );
    const greeting: WebWorkerGreeting = { port: port2, wasmUrl: options.wasmUrl, life: this.#life };
    try {
      this.#worker = start();
      this.#worker.addEventListener(
        'error',
        (event) => void this.#fail(event.error, event.message),
      );
      this.#worker.postMessage(greeting, [port2]);
    } catch (cause) {
      // Whoever has just taken this thread does not listen yet, and what is refused is told later.
      void this.#fail(cause, cause instanceof Error ? cause.message : String(cause));
    }
  }

  postMessage(message: unknown, transfer: readonly ArrayBuffer[] = []): void {
    this.#port.postMessage(message, [...transfer]);
  }

  on(event: string, listener: Listener): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  removeAllListeners(event: string): void {
    this.#listeners.delete(event);
  }

  /** A page does not wait for its workers. */
  ref(): void {}

  unref(): void {}

  async terminate(): Promise<void> {
    this.#worker?.terminate();
    this.#end();
  }

  #live(): void {
    this.#isAlive = true;
    this.#stopStarting();
    const { signal } = this.#watching;
    // Rejects when the thread has ended in another way.
    webLocks()
      ?.request(this.#life, { signal }, () => this.#end())
      .catch(() => undefined);
  }

  #end(): void {
    this.#stopStarting();
    this.#watching.abort();
    this.#port.close();
    this.#tell('exit', undefined);
  }

  async #fail(error: unknown, message: string | undefined): Promise<void> {
    if (this.#isAlive) return this.#tell('error', error ?? new Error(message));
    const refusal = await this.#policy.refusal();
    this.#stopStarting();
    if (typeof Worker === 'undefined') return this.#tell('error', withoutWorkers(error));
    const reason = refusal ?? (message || 'the script did not load');
    this.#tell('error', notStarted(this.#options.address, reason, error));
  }

  #stopStarting(): void {
    this.#starting.cancel();
    this.#policy.stop();
  }

  #tell(event: string, value: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(value);
  }
}

function withoutWorkers(cause: unknown): BarkeepError {
  const message =
    'storage-sqljs runs SQLite in a Web Worker, and there are none here: open it in a page or in a dedicated worker, not in a service worker or shared worker';
  return new BarkeepError('UNSUPPORTED', message, { cause, details: { feature: 'Worker' } });
}

function notStarted(address: string | undefined, reason: string, cause?: unknown): BarkeepError {
  return new BarkeepError(
    'CANNOT_OPEN',
    `the worker of storage-sqljs cannot be started${address === undefined ? '' : ` from ${address}`}: ${reason.replace(/\.$/, '')}. Serve @barkeep/storage-sqljs/web-worker, bundled, from the page's origin, and give its address as the option "worker"`,
    { cause, details: { worker: address, reason } },
  );
}
