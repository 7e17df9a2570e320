import type { Awaitable } from './awaitable.ts';
import type { Clock, ClockTimer } from './clock.ts';

/**
 * Calls a task every `intervalMs`: with one timer, never two runs at a time (a call that falls due
 * while one is under way is left out), and without keeping the process alive. The task deals with
 * its own failures.
 */
export class RepeatingTask {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #task: () => Awaitable<void>;
  #timer: ClockTimer | undefined;
  #underWay = false;

  /** An interval of `Infinity` never calls. */
  constructor(clock: Clock, intervalMs: number, task: () => Awaitable<void>) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#task = task;
  }

  /** Calling it twice does nothing more. */
  start(): void {
    if (this.#timer === undefined && this.#intervalMs !== Number.POSITIVE_INFINITY) this.#arm();
  }

  /** No call begins after this; one that is under way goes on to its end. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    this.#timer = this.#clock.setTimer(() => {
      this.#arm();
      if (!this.#underWay) this.#run();
    }, this.#intervalMs);
  }

  #run(): void {
    const running = this.#task();
    if (!(running instanceof Promise)) return;
    this.#underWay = true;
    void running.finally(() => {
      this.#underWay = false;
    });
  }
}
