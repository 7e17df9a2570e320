import { TraceChannel } from './diagnostics-channel.ts';
import { type LatencyBucket, LatencyHistogram, latencyQuantile } from './latency-histogram.ts';

/** Statistics of one kind of call. Times are in milliseconds. */
export interface OperationSummary {
  readonly calls: number;
  readonly failures: number;
  readonly totalMs: number;
  readonly meanMs: number;
  readonly maxMs: number;
  /** Percentiles are upper bounds, at most 12.5 % above the exact value. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** The non-empty buckets, shortest times first. */
  readonly histogram: readonly LatencyBucket[];
}

/** The context object of the tracing channel `barkeep:operation`. */
export interface OperationTrace {
  /** The component that ran the operation, such as `market-data` or `storage-sqlite`. */
  readonly component: string;
  readonly operation: string;
  /** Duration in milliseconds; `undefined` until the operation has ended. */
  durationMs: number | undefined;
}

export interface OperationStatisticsOptions {
  /**
   * The component name reported on the tracing channel `barkeep:operation`. Default: calls are not
   * traced.
   */
  readonly component?: string | undefined;
  /** Calls that take at least this many milliseconds are reported to `onSlow`. Default: none. */
  readonly slowMs?: number | undefined;
  readonly onSlow?: ((operation: string, elapsedMs: number) => void) | undefined;
}

const traces = new TraceChannel<OperationTrace>('barkeep:operation');

/** Counts and times calls by name, in bounded memory. */
export class OperationStatistics {
  readonly #operations = new Map<string, OperationCounter>();
  readonly #component: string | undefined;
  readonly #slowMs: number;
  readonly #onSlow: ((operation: string, elapsedMs: number) => void) | undefined;

  constructor(options: OperationStatisticsOptions = {}) {
    this.#component = options.component;
    this.#slowMs = options.slowMs ?? Number.POSITIVE_INFINITY;
    this.#onSlow = options.onSlow;
  }

  /** Whether calls are being traced. If so, they must go through `measure`. */
  get isTraced(): boolean {
    return traces.isHeard && this.#component !== undefined;
  }

  /** Runs `work`, and records its duration and whether it failed. */
  measure<T>(operation: string, work: () => Promise<T>): Promise<T> {
    if (this.#component === undefined || !traces.isHeard) return this.#measure(operation, work);
    const trace: OperationTrace = {
      component: this.#component,
      operation,
      durationMs: undefined,
    };
    return traces.trace(trace, () => this.#measure(operation, work, trace));
  }

  /** Records a call that was timed elsewhere. */
  record(operation: string, elapsedMs: number, failed = false): void {
    let counter = this.#operations.get(operation);
    if (counter === undefined) {
      counter = new OperationCounter();
      this.#operations.set(operation, counter);
    }
    counter.record(elapsedMs, failed);
    if (elapsedMs >= this.#slowMs) this.#onSlow?.(operation, elapsedMs);
  }

  /** Statistics so far, by operation. */
  summary(): Readonly<Record<string, OperationSummary>> {
    return Object.fromEntries(
      Array.from(this.#operations, ([name, counter]) => [name, counter.summary()]),
    );
  }

  async #measure<T>(operation: string, work: () => Promise<T>, trace?: OperationTrace): Promise<T> {
    const start = performance.now();
    let failed = true;
    try {
      const result = await work();
      failed = false;
      return result;
    } finally {
      const elapsedMs = performance.now() - start;
      if (trace !== undefined) trace.durationMs = elapsedMs;
      this.record(operation, elapsedMs, failed);
    }
  }
}

class OperationCounter {
  #calls = 0;
  #failures = 0;
  #totalMs = 0;
  #maxMs = 0;
  readonly #histogram = new LatencyHistogram();

  record(elapsedMs: number, failed: boolean): void {
    this.#calls += 1;
    if (failed) this.#failures += 1;
    this.#totalMs += elapsedMs;
    if (elapsedMs > this.#maxMs) this.#maxMs = elapsedMs;
    this.#histogram.record(elapsedMs);
  }

  summary(): OperationSummary {
    const histogram = this.#histogram.buckets();
    const within = (share: number): number =>
      Math.min(latencyQuantile(histogram, share), this.#maxMs);
    return {
      calls: this.#calls,
      failures: this.#failures,
      totalMs: this.#totalMs,
      meanMs: this.#calls === 0 ? 0 : this.#totalMs / this.#calls,
      maxMs: this.#maxMs,
      p50Ms: within(0.5),
      p95Ms: within(0.95),
      p99Ms: within(0.99),
      histogram,
    };
  }
}
