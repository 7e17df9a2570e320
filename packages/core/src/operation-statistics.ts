/** How calls of one kind have fared. Times are in milliseconds. */
export interface OperationSummary {
  readonly calls: number;
  readonly failures: number;
  readonly meanMs: number;
  readonly maxMs: number;
  /** Upper bounds, at most a quarter of a power of two (19 %) above the exact value. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

const BUCKETS_PER_DOUBLING = 4;
const SMALLEST_MS = 0.001;
const BUCKET_COUNT = 30 * BUCKETS_PER_DOUBLING;

/** Counts and times calls by name, in bounded memory. */
export class OperationStatistics {
  readonly #operations = new Map<string, OperationCounter>();

  /** Runs `work` and records how long it took and whether it failed. */
  async measure<T>(operation: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    let failed = true;
    try {
      const result = await work();
      failed = false;
      return result;
    } finally {
      this.record(operation, performance.now() - start, failed);
    }
  }

  record(operation: string, elapsedMs: number, failed = false): void {
    let counter = this.#operations.get(operation);
    if (counter === undefined) {
      counter = new OperationCounter();
      this.#operations.set(operation, counter);
    }
    counter.record(elapsedMs, failed);
  }

  /** The figures so far, by operation. */
  summary(): Readonly<Record<string, OperationSummary>> {
    return Object.fromEntries(
      Array.from(this.#operations, ([name, counter]) => [name, counter.summary()]),
    );
  }
}

class OperationCounter {
  #calls = 0;
  #failures = 0;
  #totalMs = 0;
  #maxMs = 0;
  readonly #buckets = new Uint32Array(BUCKET_COUNT);

  record(elapsedMs: number, failed: boolean): void {
    this.#calls += 1;
    if (failed) this.#failures += 1;
    this.#totalMs += elapsedMs;
    this.#maxMs = Math.max(this.#maxMs, elapsedMs);
    const doublings = Math.log2(Math.max(elapsedMs, SMALLEST_MS) / SMALLEST_MS);
    const bucket = Math.min(Math.ceil(doublings * BUCKETS_PER_DOUBLING), BUCKET_COUNT - 1);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
  }

  summary(): OperationSummary {
    return {
      calls: this.#calls,
      failures: this.#failures,
      meanMs: this.#calls === 0 ? 0 : this.#totalMs / this.#calls,
      maxMs: this.#maxMs,
      p50Ms: this.#quantile(0.5),
      p95Ms: this.#quantile(0.95),
      p99Ms: this.#quantile(0.99),
    };
  }

  #quantile(share: number): number {
    const rank = Math.ceil(this.#calls * share);
    let seen = 0;
    for (const [bucket, count] of this.#buckets.entries()) {
      seen += count;
      if (seen >= rank && seen > 0) {
        const isLast = bucket === BUCKET_COUNT - 1;
        const bound = SMALLEST_MS * 2 ** (bucket / BUCKETS_PER_DOUBLING);
        return isLast ? this.#maxMs : Math.min(bound, this.#maxMs);
      }
    }
    return 0;
  }
}
