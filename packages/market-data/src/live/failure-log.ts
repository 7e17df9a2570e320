import { type BarkeepError, type Clock, monotonicTime, type SeriesKey } from '@barkeep/core';
import type { FailureEvent } from '../contract/market-data-event.ts';
import type { LastError } from '../contract/market-data-statistics.ts';
import { asBarkeepError } from '../fetching/as-barkeep-error.ts';

/** The same failure, of thousands of series or values perhaps, is reported once in this time. */
const SAME_FAILURE_MS = 1_000;

/** Keeps the latest failure of some work that nobody awaits, and reports it. */
export class FailureLog {
  readonly #of: FailureEvent['of'];
  readonly #clock: Clock;
  readonly #onFailure: (failure: FailureEvent) => void;
  #last: FailureEvent | undefined;
  /** In monotonic time. */
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(of: FailureEvent['of'], clock: Clock, onFailure: (failure: FailureEvent) => void) {
    this.#of = of;
    this.#clock = clock;
    this.#onFailure = onFailure;
  }

  get last(): LastError | undefined {
    return this.#last && lastErrorOf(this.#last);
  }

  add(error: unknown, key?: SeriesKey): FailureEvent {
    const failure: FailureEvent = {
      type: 'failure',
      of: this.#of,
      ...(key === undefined ? {} : { key }),
      error: asBarkeepError(error, `${this.#of} failed unexpectedly`),
      at: this.#clock.now(),
    };
    const isSame =
      this.#last?.error.code === failure.error.code &&
      subjectOf(this.#last.error) === subjectOf(failure.error);
    this.#last = failure;
    const now = monotonicTime(this.#clock).now();
    if (isSame && now - this.#reportedAt < SAME_FAILURE_MS) return failure;
    this.#reportedAt = now;
    this.#onFailure(failure);
    return failure;
  }
}

/** Values that break one rule differ in what they are, and in the message. */
function subjectOf({ message, details }: BarkeepError): string {
  const { field, rule } = details;
  return rule === undefined ? message : `${String(field)} ${String(rule)}`;
}

export function lastErrorOf({ at, error: { code, message } }: FailureEvent): LastError {
  return { at, code, message };
}
