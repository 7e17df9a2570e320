import type { Awaitable } from './awaitable.ts';
import type { Clock, ClockTimer } from './clock.ts';

/**
 * Runs a task every `intervalMs` milliseconds, with a single timer. Runs never overlap: a run that
 * falls due during another is skipped. The timer does not keep the process alive. The task must
 * handle its own errors.
 */
export class RepeatingTask {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #task: () => Awaitable<void>;
  #timer: ClockTimer | undefined;
  #underWay = false;

  /** An interval of `Infinity` never runs the task. */
  constructor(clock: Clock, intervalMs: number, task: () => Awaitable<void>) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#task = task;
  }

  /** Starts the timer. Further calls have no effect. */
  start(): void {
    if (this.#timer === undefined && this.#intervalMs !== Number.POSITIVE_INFINITY) this.#arm();
  }

  /** Stops the timer. A run in progress finishes. */
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
