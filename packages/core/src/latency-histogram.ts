/**
 * The number of calls that took less than `upToMs`, but not less than the previous bucket's limit.
 */
export interface LatencyBucket {
  /** Upper limit in milliseconds; `Infinity` in the last possible bucket. */
  readonly upToMs: number;
  readonly calls: number;
}

const STEPS_PER_DOUBLING = 8;
const STEP_BITS = 3;
/** The first bucket begins a factor of 2 to this power above or below one millisecond. */
const LOWEST_POWER = -10;
const DOUBLINGS = 30;
/** The extra bucket holds calls longer than the highest limit, about 17.5 minutes. */
const BUCKET_COUNT = DOUBLINGS * STEPS_PER_DOUBLING + 1;

const SMALLEST_MS = 2 ** LOWEST_POWER;
const EXPONENT_BIAS = 1_023;
const MANTISSA_BITS_OF_HIGH_WORD = 20;
const FIRST_STEP = (EXPONENT_BIAS + LOWEST_POWER) * STEPS_PER_DOUBLING;

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
const HIGH_WORD = isLittleEndian ? 1 : 0;

/**
 * A histogram of latencies in constant memory. A bucket is at most 12.5 % wider than its lower
 * limit. The bucket index is read from the bits of the number, without a logarithm or a search.
 */
export class LatencyHistogram {
  /** Doubles: what is counted a million times a second would overflow 32 bits within hours. */
  readonly #counts = new Float64Array(BUCKET_COUNT);

  /** Adds one call. A negative or NaN time is recorded as 0. */
  record(ms: number): void {
    const bucket = bucketOf(ms);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
  }

  /** Returns the non-empty buckets, shortest times first. */
  buckets(): LatencyBucket[] {
    const buckets: LatencyBucket[] = [];
    for (const [bucket, calls] of this.#counts.entries()) {
      if (calls > 0) buckets.push({ upToMs: upperBound(bucket), calls });
    }
    return buckets;
  }
}

/**
 * Estimates a quantile, such as the 99th percentile for a `share` of 0.99. Returns an upper bound,
 * at most 12.5 % above the exact value; 0 if there were no calls.
 * @param buckets In ascending order, as in `LatencyHistogram.buckets` and
 * `OperationSummary.histogram`.
 */
export function latencyQuantile(buckets: readonly LatencyBucket[], share: number): number {
  const total = buckets.reduce((sum, { calls }) => sum + calls, 0);
  const rank = Math.ceil(total * share);
  let seen = 0;
  for (const { upToMs, calls } of buckets) {
    seen += calls;
    if (seen >= rank) return upToMs;
  }
  return 0;
}

function bucketOf(ms: number): number {
  if (!(ms >= SMALLEST_MS)) return 0;
  double[0] = ms;
  const step = (words[HIGH_WORD] ?? 0) >>> (MANTISSA_BITS_OF_HIGH_WORD - STEP_BITS);
  return Math.min(step - FIRST_STEP, BUCKET_COUNT - 1);
}

function upperBound(bucket: number): number {
  if (bucket === BUCKET_COUNT - 1) return Number.POSITIVE_INFINITY;
  const doubling = Math.floor(bucket / STEPS_PER_DOUBLING);
  const step = bucket % STEPS_PER_DOUBLING;
  return SMALLEST_MS * 2 ** doubling * (1 + (step + 1) / STEPS_PER_DOUBLING);
}
