import type { EngineThread } from '@barkeep/sqlite-engine';

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
}

type Listener = (value?: unknown) => void;

/**
 * A Web Worker as an engine's thread. Calls go through a port of their own, which keeps them while
 * SQLite is being loaded; messages to the worker itself would be lost if nobody listened yet.
 */
export class WebWorkerThread implements EngineThread {
  readonly #worker: WebWorker;
  readonly #port: MessagePort;
  readonly #listeners: Map<string, Listener[]> = new Map();

  constructor(worker: WebWorker, wasmUrl: string) {
    const { port1, port2 } = new MessageChannel();
    this.#worker = worker;
    this.#port = port1;
    port1.onmessage = ({ data }) => this.#tell('message', data);
    port1.onmessageerror = ({ data }) => this.#tell('messageerror', data);
    worker.addEventListener('error', ({ error, message }) => {
      this.#tell('error', error ?? new Error(message || 'the script of the worker did not load'));
    });
    const greeting: WebWorkerGreeting = { port: port2, wasmUrl };
    worker.postMessage(greeting, [port2]);
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
    this.#port.close();
    this.#worker.terminate();
    this.#tell('exit', undefined);
  }

  #tell(event: string, value: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(value);
  }
}
