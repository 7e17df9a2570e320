import type { Awaitable } from './awaitable.ts';
import { type CallOptions, throwIfAborted, untilAborted } from './call-options.ts';
import { type Clock, systemClock } from './clock.ts';
import { Handle } from './handle.ts';
import { invalidInput } from './invalid-input.ts';
import { type MonotonicTime, monotonicTime } from './monotonic-time.ts';
import { OperationStatistics, type OperationSummary } from './operation-statistics.ts';
import { RepeatingTask } from './repeating-task.ts';

export interface SweptHandleOptions {
  /** Source of time. Default: the system clock. */
  readonly clock?: Clock | undefined;
  /**
   * How often expired values are removed, in milliseconds. `Infinity` disables it; expired values
   * then keep their memory until `sweep` is called. Default: 30,000.
   */
  readonly sweepIntervalMs?: number | undefined;
}

const DEFAULT_SWEEP_INTERVAL_MS = 30_000;
const NO_OPTIONS: CallOptions = Object.freeze({});

/**
 * Base of handles over values with a TTL: removes expired values periodically, with one timer.
 * Methods that start with an underscore may return a value or a promise, so in-memory adapters do
 * not pay for extra promises.
 */
export abstract class SweptHandle extends Handle {
  protected readonly clock: Clock;
  /**
   * Time for measuring TTLs. Not affected by wall clock changes; includes time the machine was
   * asleep.
   */
  protected readonly time: MonotonicTime;
  readonly #operations: OperationStatistics;
  readonly #sweeper: RepeatingTask;
  #expirations = 0;
  #failedSweeps = 0;

  /** @throws BarkeepError `INVALID_INPUT` naming `sweepIntervalMs`. */
  protected constructor(name: string, options: SweptHandleOptions) {
    super(name);
    this.#operations = new OperationStatistics({ component: name });
    const { clock = systemClock, sweepIntervalMs = DEFAULT_SWEEP_INTERVAL_MS } = options;
    if (typeof sweepIntervalMs !== 'number' || !(sweepIntervalMs > 0)) {
      const rule = 'must be a number of milliseconds above 0';
      throw invalidInput({ field: 'sweepIntervalMs', rule, value: sweepIntervalMs });
    }
    this.clock = clock;
    this.time = monotonicTime(clock);
    // By its timer the time learns what has passed, also where the clock cannot say it.
    this.#sweeper = new RepeatingTask(this.time, sweepIntervalMs, () => this.#sweepByItself());
  }

  /**
   * Removes expired values now and returns how many. Also runs periodically; see `sweepIntervalMs`.
   */
  async sweep(options: CallOptions = NO_OPTIONS): Promise<number> {
    this.begin(options);
    const removed = await this.run('sweep', options, () => this._sweep());
    this.#expirations += removed;
    return removed;
  }

  /**
   * Acquires the adapter's resources. If it throws, it must have released everything it acquired.
   */
  protected _start(): Awaitable<void> {}

  /** Releases what `_start` acquired. */
  protected _stop(): Awaitable<void> {}

  /** Removes expired values and returns how many. */
  protected abstract _sweep(): Awaitable<number>;

  /** Statistics of the calls made through `run`, by operation. */
  protected get operations(): Readonly<Record<string, OperationSummary>> {
    return this.#operations.summary();
  }

  protected get expirations(): number {
    return this.#expirations;
  }

  /** Counts expired values that were removed outside a sweep. */
  protected countExpirations(values: number): void {
    this.#expirations += values;
  }

  /**
   * How many periodic sweeps failed. They have no caller to report to; the next one tries again.
   */
  protected get failedSweeps(): number {
    return this.#failedSweeps;
  }

  protected override async _open(): Promise<void> {
    await this._start();
    this.#sweeper.start();
  }

  protected override async _close(): Promise<void> {
    this.#sweeper.stop();
    await this._stop();
  }

  /**
   * Checks that the handle is open and the signal not aborted.
   * @throws BarkeepError `NOT_OPEN`, `ABORTED`.
   */
  protected begin(options: CallOptions | undefined): void {
    this.assertOpen();
    throwIfAborted(options?.signal);
  }

  /** Runs and times the adapter's part of a call. Whatever it throws becomes a `BarkeepError`. */
  protected run<T>(
    operation: string,
    options: CallOptions | undefined,
    work: () => Awaitable<T>,
  ): Promise<T> {
    return this.#operations.isTraced
      ? this.#operations.measure(operation, () => this.#guarded(options, work))
      : this.#timed(operation, options, work);
  }

  /**
   * Waits for running work. An aborted caller is rejected at once, but `close` still waits for the
   * work.
   */
  protected settled<T>(work: Promise<T>, options: CallOptions | undefined): Promise<T> {
    return untilAborted(
      this.use(() => work),
      options?.signal,
    );
  }

  /** Like `measure`, but without an extra promise. */
  async #timed<T>(
    operation: string,
    options: CallOptions | undefined,
    work: () => Awaitable<T>,
  ): Promise<T> {
    const start = performance.now();
    let failed = true;
    try {
      const result = work();
      const value = result instanceof Promise ? await this.settled(result, options) : result;
      failed = false;
      return value;
    } catch (error) {
      throw this.failure(error);
    } finally {
      this.#operations.record(operation, performance.now() - start, failed);
    }
  }

  async #guarded<T>(options: CallOptions | undefined, work: () => Awaitable<T>): Promise<T> {
    try {
      const result = work();
      return result instanceof Promise ? await this.settled(result, options) : result;
    } catch (error) {
      throw this.failure(error);
    }
  }

  #sweepByItself(): Awaitable<void> {
    if (this.state !== 'open') return;
    try {
      const removed = this._sweep();
      if (removed instanceof Promise) return this.#sweptByItself(removed);
      this.#expirations += removed;
    } catch {
      this.#failedSweeps += 1;
    }
  }

  async #sweptByItself(work: Promise<number>): Promise<void> {
    try {
      this.#expirations += await this.use(() => work);
    } catch {
      this.#failedSweeps += 1;
    }
  }
}
