import type { Clock, ClockTimer } from './clock.ts';

/**
 * Calls a task again and again, each time `intervalMs` after it last ended: with one timer, never
 * two runs at a time, and without keeping the process alive. The task deals with its own failures.
 */
export class RepeatingTask {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #task: () => void | Promise<void>;
  #timer: ClockTimer | undefined;
  #running = false;

  /** An interval of `Infinity` never calls. */
  constructor(clock: Clock, intervalMs: number, task: () => void | Promise<void>) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#task = task;
  }

  /** Calling it twice does nothing more. */
  start(): void {
    if (this.#running || this.#intervalMs === Number.POSITIVE_INFINITY) return;
    this.#running = true;
    this.#arm();
  }

  /** No call begins after this; one that is under way goes on to its end. */
  stop(): void {
    this.#running = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    if (this.#running) this.#timer = this.#clock.setTimer(() => this.#run(), this.#intervalMs);
  }

  #run(): void {
    const pending = this.#task();
    if (pending === undefined) this.#arm();
    else void pending.finally(() => this.#arm());
  }
}
