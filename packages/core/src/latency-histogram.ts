/** How many calls took less than `upToMs`, and not less than the bucket before allows. */
export interface LatencyBucket {
  /** In milliseconds; `Infinity` in the last bucket there can be. */
  readonly upToMs: number;
  readonly calls: number;
}

const STEPS_PER_DOUBLING = 8;
const STEP_BITS = 3;
/** The first bucket begins a factor of 2 to this power above or below one millisecond. */
const LOWEST_POWER = -10;
const DOUBLINGS = 30;
/** One more, for what takes longer than the longest that is told apart: 17.5 minutes. */
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
 * Times of calls by buckets whose width is at most an eighth (12.5 %) of where they begin, in constant
 * memory. The bucket is read off the bits of the number: no logarithm, no search.
 */
export class LatencyHistogram {
  /** Doubles: what is counted a million times a second would overflow 32 bits within hours. */
  readonly #counts = new Float64Array(BUCKET_COUNT);

  /** A time that is negative or no number counts as none. */
  record(ms: number): void {
    const bucket = bucketOf(ms);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
  }

  /** Those with calls, the shortest times first. */
  buckets(): LatencyBucket[] {
    const buckets: LatencyBucket[] = [];
    for (const [bucket, calls] of this.#counts.entries()) {
      if (calls > 0) buckets.push({ upToMs: upperBound(bucket), calls });
    }
    return buckets;
  }
}

/**
 * The time within which a share of the calls ended, such as 0.99 of them: an upper bound, at most 12.5 %
 * above the exact value. 0 without calls.
 * @param buckets Ascending, as `LatencyHistogram.buckets` and `OperationSummary.histogram` have them.
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
