import type { EpochMs } from './epoch-ms.ts';
import { invalidInput } from './invalid-input.ts';

/** A half-open time range `[from, to)`: includes `from`, excludes `to`. */
export interface Interval {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** Whether two intervals overlap. */
export function intervalsOverlap(a: Interval, b: Interval): boolean {
  return a.from < b.to && b.from < a.to;
}

/**
 * Throws unless both bounds are safe integers and `from` is not after `to`.
 * @throws BarkeepError `INVALID_INPUT` naming `from` or `to`.
 */
export function validateInterval(interval: Interval, field = 'interval'): void {
  if (interval === null || typeof interval !== 'object') {
    throw invalidInput({ field, rule: 'must be { from, to }', value: interval });
  }
  validateBound(interval.from, 'from');
  validateBound(interval.to, 'to');
  if (interval.from > interval.to) {
    throw invalidInput({
      field: 'from',
      rule: `must not be after to (${interval.to})`,
      value: interval.from,
    });
  }
}

/**
 * Throws unless the bound is a safe integer.
 * @throws BarkeepError `INVALID_INPUT`.
 */
export function validateBound(value: unknown, field: 'from' | 'to'): void {
  if (!Number.isSafeInteger(value)) {
    throw invalidInput({ field, rule: 'must be a safe integer of epoch milliseconds', value });
  }
}
