import type { EpochMs } from './epoch-ms.ts';
import { invalidInput } from './invalid-input.ts';

/** A half-open stretch of time, `[from, to)`: `from` is in it, `to` is not. */
export interface Interval {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** Whether two intervals share an instant. */
export function intervalsOverlap(a: Interval, b: Interval): boolean {
  return a.from < b.to && b.from < a.to;
}

/**
 * Checks an interval's bounds: safe integers, `from` not after `to`.
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

/** @throws BarkeepError `INVALID_INPUT` unless the bound is a safe integer. */
export function validateBound(value: unknown, field: 'from' | 'to'): void {
  if (!Number.isSafeInteger(value)) {
    throw invalidInput({ field, rule: 'must be a safe integer of epoch milliseconds', value });
  }
}
