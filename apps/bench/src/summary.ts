/** What several readings of one thing come to. */
export interface Summary {
  /** As measured, in order. */
  readonly samples: readonly number[];
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws RangeError when a sample is missing, or not a number. */
export function summarize(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b);
  const min = sorted[0];
  const max = sorted.at(-1);
  const lower = sorted[(sorted.length - 1) >> 1];
  const upper = sorted[sorted.length >> 1];
  if (min === undefined || max === undefined || lower === undefined || upper === undefined) {
    throw new RangeError('no sample was taken');
  }
  if (!sorted.every(Number.isFinite)) throw new RangeError(`not all numbers: ${samples}`);
  return { samples, median: (lower + upper) / 2, min, max };
}
