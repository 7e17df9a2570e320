import { type Clock, type EpochMs, monotonicTime } from '@barkeep/core';

/** Smaller differences between the wall clock and elapsed time are drift, not a jump. */
const TOLERANCE_MS = 1_000;

/**
 * An instant in wall time, such as the last sign of life. If the clock is set back, the instant
 * moves back with it.
 */
export class LastSeen {
  readonly #clock: Clock;
  #at: EpochMs;
  /** The same instant in monotonic time. */
  #steadyAt: number;

  constructor(clock: Clock, at: EpochMs = clock.now()) {
    this.#clock = clock;
    this.#at = at;
    this.#steadyAt = this.#steady(at);
  }

  get at(): EpochMs {
    const now = this.#clock.now();
    const agoMs = monotonicTime(this.#clock).now() - this.#steadyAt;
    const shifted = Math.floor(now - agoMs);
    return Math.min(now, shifted < this.#at - TOLERANCE_MS ? shifted : this.#at);
  }

  /** Records a sign of life. Ignored if it is earlier than the known one. */
  note(at: EpochMs): void {
    if (at < this.at) return;
    this.#at = at;
    this.#steadyAt = this.#steady(at);
  }

  #steady(at: EpochMs): number {
    return monotonicTime(this.#clock).now() - (this.#clock.now() - at);
  }
}
