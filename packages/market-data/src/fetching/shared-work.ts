import { untilAborted } from '@barkeep/core';

/** Work that several callers wait for. It is told to stop when the last of them has left. */
export class SharedWork<T> {
  readonly outcome: Promise<T>;
  readonly #abandoning = new AbortController();
  #waiting = 0;
  #isDone = false;

  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.outcome = work(this.#abandoning.signal);
    const done = (): void => {
      this.#isDone = true;
    };
    this.outcome.then(done, done);
  }

  /** Whether everybody left before it was done: nobody should join any more. */
  get abandoned(): boolean {
    return this.#abandoning.signal.aborted;
  }

  /** The outcome, or a rejection with `ABORTED` as soon as the caller's own signal fires. */
  async wait(signal: AbortSignal | undefined): Promise<T> {
    this.#waiting += 1;
    try {
      return await untilAborted(this.outcome, signal);
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0 && !this.#isDone) this.#abandoning.abort();
    }
  }
}
