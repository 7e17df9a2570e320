import { type Clock, type ClockTimer, type ClockTimerOptions, systemClock } from './clock.ts';
import type { EpochMs } from './epoch-ms.ts';
import { ListenerSet, type Unsubscribe } from './listener-set.ts';
import { RepeatingTask } from './repeating-task.ts';

/** A difference between the wall clock and elapsed time. */
export interface TimeJump {
  /**
   * In milliseconds. Positive: the clock was set ahead, or the process was suspended (sleep,
   * SIGSTOP, a blocked event loop). Negative: the clock was set back.
   */
  readonly byMs: number;
  /** The wall clock before the jump. `after` is the wall clock after it. */
  readonly before: EpochMs;
  readonly after: EpochMs;
}

/** Smaller differences are rounding, a busy loop, or a clock that is being adjusted slowly. */
const TOLERANCE_MS = 1_000;
/** After this long without a jump, slow drift between the two clocks is forgotten. */
const REBASE_MS = 60_000;
const WATCH_INTERVAL_MS = 5_000;
/**
 * Minimum time between two readings of the system's wall clock, which is too slow for every call.
 */
const LOOK_EVERY_MS = 1;
/** A timer this late means that the process was suspended or the clock was set ahead. */
const OVERDUE_MS = 5_000;

const timesByClock = new WeakMap<Clock, MonotonicTime>();

/** Returns the monotonic time of a clock. Every caller gets the same instance. */
export function monotonicTime(clock: Clock): MonotonicTime {
  const known = timesByClock.get(clock);
  if (known !== undefined) return known;
  const time = new MonotonicTime(clock);
  timesByClock.set(clock, time);
  return time;
}

/**
 * Time that never goes back, for durations: TTLs, ages, delays. Uses the clock's `monotonic` if it
 * has one; otherwise wall time, corrected for backward jumps that readings and timers reveal. Time
 * the machine spent asleep counts as elapsed, even if `monotonic` omits it.
 *
 * @example
 * const time = monotonicTime(clock);
 * const expiresAt = time.now() + ttlMs;
 */
export class MonotonicTime {
  readonly #clock: Clock;
  readonly #jumps = new ListenerSet<TimeJump>();
  readonly #watch: RepeatingTask;
  #wall: EpochMs;
  #steady: number;
  /** When to read the wall clock again, in the clock's `monotonic`. */
  #lookAt = Number.NEGATIVE_INFINITY;
  /** Added to the clock's own reading. */
  #offset = 0;
  /** When the next tick of the watch is due, in monotonic time; `Infinity` while nobody watches. */
  #tickDueAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wall = clock.now();
    this.#steady = clock.monotonic?.() ?? this.#wall;
    this.#watch = new RepeatingTask(this, WATCH_INTERVAL_MS, () => {
      this.#tickDueAt = this.now() + WATCH_INTERVAL_MS;
    });
  }

  /** Milliseconds since an arbitrary instant. */
  now(): number {
    const time = this.#clock.monotonic === undefined ? this.#byWall() : this.#bySteady();
    if (time - this.#tickDueAt <= OVERDUE_MS) return time;
    const byMs = time - this.#tickDueAt;
    const after = this.#clock.now();
    this.#jumped({ byMs, before: after - byMs, after }, time);
    return time;
  }

  /** Like the clock's own `setTimer`. When the timer fires, at least `delayMs` have elapsed. */
  setTimer(callback: () => void, delayMs: number, options?: ClockTimerOptions): ClockTimer {
    const dueAt = this.now() + Math.max(0, delayMs);
    const onTime = (): void => {
      this.#passTo(dueAt);
      callback();
    };
    return this.#clock.setTimer(onTime, delayMs, options);
  }

  /**
   * Calls the listener when the wall clock is set or the process was suspended. Detected at the
   * next reading, within five seconds of running time.
   */
  onJump(listener: (jump: TimeJump) => void): Unsubscribe {
    const remove = this.#jumps.add(listener);
    if (this.#jumps.size === 1) {
      this.#tickDueAt = this.now() + WATCH_INTERVAL_MS;
      this.#watch.start();
    }
    return () => {
      remove();
      if (this.#jumps.size > 0) return;
      this.#watch.stop();
      this.#tickDueAt = Number.POSITIVE_INFINITY;
    };
  }

  #byWall(): number {
    const before = this.#wall;
    const wall = this.#clock.now();
    this.#wall = wall;
    if (wall < before) {
      const byMs = before - wall;
      this.#offset += byMs;
      if (byMs > TOLERANCE_MS) {
        this.#jumped({ byMs: -byMs, before, after: wall }, wall + this.#offset);
      }
    }
    return wall + this.#offset;
  }

  #bySteady(): number {
    const steady = this.#clock.monotonic?.() ?? 0;
    if (steady < this.#lookAt) return steady + this.#offset;
    if (this.#clock === systemClock) this.#lookAt = steady + LOOK_EVERY_MS;
    const wall = this.#clock.now();
    const passed = steady - this.#steady;
    const expected = this.#wall + passed;
    const byMs = wall - expected;
    if (Math.abs(byMs) > TOLERANCE_MS) {
      this.#wall = wall;
      this.#steady = steady;
      if (byMs > 0) this.#offset += byMs;
      this.#jumped({ byMs, before: expected, after: wall }, steady + this.#offset);
    } else if (passed > REBASE_MS) {
      this.#wall = wall;
      this.#steady = steady;
    }
    return steady + this.#offset;
  }

  /** Advances time to a due timer, for clocks whose own reading cannot show it. */
  #passTo(dueAt: number): void {
    const time = this.now();
    if (this.#clock.monotonic !== undefined || time >= dueAt) return;
    const byMs = dueAt - time;
    this.#offset += byMs;
    if (byMs <= OVERDUE_MS) return;
    this.#jumped({ byMs: -byMs, before: this.#wall + byMs, after: this.#wall }, dueAt);
  }

  #jumped(jump: TimeJump, time: number): void {
    if (this.#tickDueAt < time) this.#tickDueAt = time + WATCH_INTERVAL_MS;
    this.#jumps.emit(jump);
  }
}
