import type { Clock, ClockTimer } from './clock.ts';
import type { EpochMs } from './epoch-ms.ts';

interface PendingTimer {
  readonly at: EpochMs;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until it is told to move: for tests and simulations. Its wall time may be set
 * to anything (`setWallTime`); its timers and `monotonic` go on as if nothing had happened.
 */
export class ManualClock implements Clock {
  /** Monotonic time, which equals wall time until that is set. */
  #now: EpochMs;
  #wallOffset = 0;
  #order = 0;
  readonly #pending = new Set<PendingTimer>();

  constructor(now: EpochMs = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): EpochMs {
    return this.#now + this.#wallOffset;
  }

  monotonic(): number {
    return this.#now;
  }

  setTimer(callback: () => void, delayMs: number): ClockTimer {
    const timer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, callback };
    this.#pending.add(timer);
    return { cancel: () => void this.#pending.delete(timer) };
  }

  /** How many timers are set. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  /** Moves forward, firing the timers that fall due, each at its own instant and in order. */
  advance(ms: number): void {
    this.advanceTo(this.now() + ms);
  }

  /** Sets the wall clock, ahead or back. No time passes: no timer fires by it, and none is moved. */
  setWallTime(instant: EpochMs): void {
    this.#wallOffset = instant - this.#now;
  }

  /** Moves forward to an instant of wall time; going back is a `RangeError`. */
  advanceTo(wallTime: EpochMs): void {
    if (!(wallTime >= this.now())) {
      throw new RangeError(`the clock is at ${this.now()} and cannot move to ${wallTime}`);
    }
    const instant = wallTime - this.#wallOffset;
    for (let due = this.#nextDue(instant); due !== undefined; due = this.#nextDue(instant)) {
      this.#pending.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
    }
    this.#now = instant;
  }

  #nextDue(until: EpochMs): PendingTimer | undefined {
    let next: PendingTimer | undefined;
    for (const timer of this.#pending) {
      if (timer.at > until) continue;
      if (
        next === undefined ||
        timer.at < next.at ||
        (timer.at === next.at && timer.order < next.order)
      ) {
        next = timer;
      }
    }
    return next;
  }
}
