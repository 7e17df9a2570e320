import type { Candle, Interval, SeriesKey } from '@barkeep/core';
import { assertTrue } from '../../assertions.ts';
import { isEqual } from '../../is-equal.ts';

/** A range of a series whose revisions are held against what becomes of its candles. */
export class WatchedRange {
  readonly key: SeriesKey;
  readonly range: Interval;
  #candles: readonly Candle[] = [];
  /** How often the candles were seen to have changed: candles that come back are of another age. */
  #age = 0;
  readonly #ageOf = new Map<string, number>();

  constructor(key: SeriesKey, range: Interval) {
    this.key = key;
    this.range = range;
  }

  /** Notes what the range has now, after each command. */
  note(candles: readonly Candle[]): void {
    if (!isEqual(candles, this.#candles)) this.#age += 1;
    this.#candles = candles;
  }

  /** Asserts that a revision is of no other age than the present one. */
  check(revision: string, what: string): void {
    const known = this.#ageOf.get(revision) ?? this.#age;
    assertTrue(known === this.#age, `${what}: ${revision} is the revision of other candles, too`);
    this.#ageOf.set(revision, known);
  }
}
