import type { Awaitable } from './awaitable.ts';
import { type CallOptions, throwIfAborted, untilAborted } from './call-options.ts';
import { type Clock, systemClock } from './clock.ts';
import { Handle } from './handle.ts';
import { invalidInput } from './invalid-input.ts';
import { type MonotonicTime, monotonicTime } from './monotonic-time.ts';
import { OperationStatistics, type OperationSummary } from './operation-statistics.ts';
import { RepeatingTask } from './repeating-task.ts';

export interface SweptHandleOptions {
  /** Default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /** How often expired values are removed, in milliseconds; `Infinity` for never. Default: 30,000. */
  readonly sweepIntervalMs?: number | undefined;
}

const DEFAULT_SWEEP_INTERVAL_MS = 30_000;
const NO_OPTIONS: CallOptions = Object.freeze({});

/**
 * A handle over values that expire: it removes them from time to time, with one timer. Its methods
 * that start with an underscore may return a value or a promise, so that an adapter in memory pays
 * for no promise below the one its caller gets.
 */
export abstract class SweptHandle extends Handle {
  protected readonly clock: Clock;
  /** What lives are measured by: it survives a wall clock that is set, and counts the machine's sleep. */
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

  /** Removes what has expired now; returns how many values. Happens by itself from time to time. */
  async sweep(options: CallOptions = NO_OPTIONS): Promise<number> {
    this.begin(options);
    const removed = await this.run('sweep', options, () => this._sweep());
    this.#expirations += removed;
    return removed;
  }

  /** Acquires what the adapter needs; when it throws, it has released all it acquired. */
  protected _start(): Awaitable<void> {}

  /** Releases what `_start` acquired. */
  protected _stop(): Awaitable<void> {}

  /** Removes values that are no longer live; returns how many. */
  protected abstract _sweep(): Awaitable<number>;

  /** The calls that `run` made, by operation. */
  protected get operations(): Readonly<Record<string, OperationSummary>> {
    return this.#operations.summary();
  }

  protected get expirations(): number {
    return this.#expirations;
  }

  /** Counts values that expired and were removed outside a sweep. */
  protected countExpirations(values: number): void {
    this.#expirations += values;
  }

  /** Sweeps by the timer that failed: nobody waits for them, so the next one tries again. */
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

  /** @throws BarkeepError `NOT_OPEN`, `ABORTED`. */
  protected begin(options: CallOptions | undefined): void {
    this.assertOpen();
    throwIfAborted(options?.signal);
  }

  /** Runs the adapter's part of a call, and times it; whatever it throws becomes a `BarkeepError`. */
  protected run<T>(
    operation: string,
    options: CallOptions | undefined,
    work: () => Awaitable<T>,
  ): Promise<T> {
    return this.#operations.isTraced
      ? this.#operations.measure(operation, () => this.#guarded(options, work))
      : this.#timed(operation, options, work);
  }

  /** The outcome of work under way. An aborted caller leaves at once; `close` waits for the work. */
  protected settled<T>(work: Promise<T>, options: CallOptions | undefined): Promise<T> {
    return untilAborted(
      this.use(() => work),
      options?.signal,
    );
  }

  /** As `measure`, without a promise of its own. */
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
