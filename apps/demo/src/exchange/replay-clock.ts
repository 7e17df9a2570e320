import {
  type Clock,
  type ClockTimer,
  type ClockTimerOptions,
  type EpochMs,
  systemClock,
} from '@barkeep/core';

/**
 * A clock that starts in the past and is moved towards the present by hand, so that minutes of live
 * data pass in an instant; once released, it is the machine's. Its timers always are.
 */
export class ReplayClock implements Clock {
  #now: EpochMs;
  #released = false;

  constructor(start: EpochMs) {
    this.#now = start;
  }

  now(): EpochMs {
    return this.#released ? Math.max(this.#now, systemClock.now()) : this.#now;
  }

  setTimer(callback: () => void, delayMs: number, options?: ClockTimerOptions): ClockTimer {
    return systemClock.setTimer(callback, delayMs, options);
  }

  /** Never back. */
  advanceTo(instant: EpochMs): void {
    this.#now = Math.max(this.#now, instant);
  }

  /** From now on it runs by itself. */
  release(): void {
    this.#released = true;
  }
}
