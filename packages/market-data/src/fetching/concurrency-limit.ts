import { abortedError, BarkeepError } from '@barkeep/core';

/** Lets so many pieces of work run at a time; the others wait for their turn, in order. */
export class ConcurrencyLimit {
  readonly #maxRunning: number;
  readonly #maxWaiting: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(maxRunning: number, maxWaiting: number) {
    this.#maxRunning = maxRunning;
    this.#maxWaiting = maxWaiting;
  }

  /** How many more pieces of work may come now. */
  get room(): number {
    return this.#maxRunning - this.#running + this.#maxWaiting - this.#waiting.size;
  }

  /** @throws BarkeepError `OVERLOADED` when too many wait, `ABORTED` when the signal fires first. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (signal.aborted) throw abortedError(signal);
    if (this.#running < this.#maxRunning) this.#running += 1;
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      this.#passOn();
    }
  }

  /** The error of work for which there is no room. */
  overloaded(): BarkeepError {
    return new BarkeepError('OVERLOADED', `${this.#maxWaiting} fetches are waiting already`, {
      details: { limit: this.#maxWaiting },
    });
  }

  #turn(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#maxWaiting) throw this.overloaded();
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.delete(begin);
        reject(abortedError(signal));
      };
      this.#waiting.add(begin);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** The place goes to the next in line without becoming free in between. */
  #passOn(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
