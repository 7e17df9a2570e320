import { type Clock, type ClockTimer, type ClockTimerOptions, systemClock } from './clock.ts';
import type { EpochMs } from './epoch-ms.ts';
import { ListenerSet, type Unsubscribe } from './listener-set.ts';
import { RepeatingTask } from './repeating-task.ts';

/**
 * By how much the wall clock and the time that passed have parted, in milliseconds. Above 0: the clock
 * was set ahead, or this process stood still (sleep, SIGSTOP, a blocked loop). Below 0: it was set back.
 */
export interface TimeJump {
  readonly byMs: number;
  /** The wall clock before and after. */
  readonly before: EpochMs;
  readonly after: EpochMs;
}

/** Smaller differences are rounding, a busy loop, or a clock that is being adjusted slowly. */
const TOLERANCE_MS = 1_000;
/** After this long without a jump, slow drift between the two clocks is forgotten. */
const REBASE_MS = 60_000;
const WATCH_INTERVAL_MS = 5_000;
/** How often the machine's wall clock is looked at: what is read a million times a second is not. */
const LOOK_EVERY_MS = 1;
/** A timer this late proves that the process stood still, or that the clock was set ahead. */
const OVERDUE_MS = 5_000;

const timesByClock = new WeakMap<Clock, MonotonicTime>();

/** The monotonic time of a clock; every caller gets the same one. */
export function monotonicTime(clock: Clock): MonotonicTime {
  const known = timesByClock.get(clock);
  if (known !== undefined) return known;
  const time = new MonotonicTime(clock);
  timesByClock.set(clock, time);
  return time;
}

/**
 * Time that never goes back, for durations: expiry, ages, waits. It follows the clock's `monotonic`
 * where there is one, and otherwise its wall time, less the steps back that its readings and its timers
 * show. Time in which the machine slept counts as passed, whatever `monotonic` says of it.
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
  /** When the wall clock is to be looked at again, by the clock's `monotonic`. */
  #lookAt = Number.NEGATIVE_INFINITY;
  /** What is added to the clock's own reading. */
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

  /** Milliseconds since an instant of no meaning. */
  now(): number {
    const time = this.#clock.monotonic === undefined ? this.#byWall() : this.#bySteady();
    if (time - this.#tickDueAt <= OVERDUE_MS) return time;
    const byMs = time - this.#tickDueAt;
    const after = this.#clock.now();
    this.#jumped({ byMs, before: after - byMs, after }, time);
    return time;
  }

  /** As the clock's own; when the timer fires, at least `delayMs` have passed. */
  setTimer(callback: () => void, delayMs: number, options?: ClockTimerOptions): ClockTimer {
    const dueAt = this.now() + Math.max(0, delayMs);
    const onTime = (): void => {
      this.#passTo(dueAt);
      callback();
    };
    return this.#clock.setTimer(onTime, delayMs, options);
  }

  /**
   * Calls the listener when the wall clock is set, or the process has stood still. It is noticed at the
   * next reading, within five seconds of running.
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

  /** A timer says how much has passed where the clock's own reading cannot. */
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
