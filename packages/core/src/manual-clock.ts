import type { Clock, ClockTimer } from './clock.ts';
import type { EpochMs } from './epoch-ms.ts';

interface PendingTimer {
  readonly at: EpochMs;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock that only moves when told to, for tests and simulations. `advance` moves time and fires
 * timers. `setWallTime` simulates a system clock being set: timers and `monotonic` are not
 * affected.
 *
 * @example
 * const clock = new ManualClock(Date.UTC(2026, 0, 1));
 * const cache = new MemoryCache({ clock });
 * await cache.open();
 * await cache.set('key', 'value', { ttlMs: 60_000 });
 * clock.advance(60_000);
 * await cache.get('key'); // undefined: expired without sleeping
 */
export class ManualClock implements Clock {
  /** Monotonic time. Equals wall time until `setWallTime` is called. */
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

  /** The number of pending timers. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  /**
   * Moves time forward by `ms` milliseconds and fires due timers in order, each at its own instant.
   */
  advance(ms: number): void {
    this.advanceTo(this.now() + ms);
  }

  /** Sets the wall clock forwards or backwards. No time passes, and no timer fires or moves. */
  setWallTime(instant: EpochMs): void {
    this.#wallOffset = instant - this.#now;
  }

  /**
   * Moves time forward to an instant of wall time.
   * @throws RangeError if the instant is in the past.
   */
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
