import { type ClockTimer, systemClock } from '@barkeep/core';
import type { EngineThread, EngineThreads } from './engine-thread.ts';

/** Starting a thread takes far longer than opening a database, so one that is free waits a while. */
const SPARE_FOR_MS = 5_000;
const MOST_SPARES = 4;

/** Threads to take and give back, started when there is none to spare. */
export class SpareThreads implements EngineThreads {
  readonly #start: () => EngineThread;
  readonly #spares = new Map<EngineThread, ClockTimer>();

  constructor(start: () => EngineThread) {
    this.#start = start;
  }

  /** A thread without a connection and without listeners, which does not keep the process alive. */
  take(): EngineThread {
    const [spare] = this.#spares.keys();
    if (spare !== undefined) {
      this.#forget(spare);
      return spare;
    }
    const thread = this.#start();
    thread.unref();
    return thread;
  }

  /** Takes back a thread that has closed its connection and has nothing left to answer. */
  async giveBack(thread: EngineThread): Promise<void> {
    removeListeners(thread);
    if (this.#spares.size >= MOST_SPARES) {
      await thread.terminate();
      return;
    }
    thread.unref();
    thread.on('error', () => this.#forget(thread));
    thread.on('exit', () => this.#forget(thread));
    const timer = systemClock.setTimer(() => {
      this.#forget(thread);
      void thread.terminate();
    }, SPARE_FOR_MS);
    this.#spares.set(thread, timer);
  }

  #forget(thread: EngineThread): void {
    this.#spares.get(thread)?.cancel();
    this.#spares.delete(thread);
    removeListeners(thread);
  }
}

/** By name: a `Worker` has listeners of its own that deliver its messages. */
function removeListeners(thread: EngineThread): void {
  for (const event of ['message', 'messageerror', 'error', 'exit']) {
    thread.removeAllListeners(event);
  }
}
