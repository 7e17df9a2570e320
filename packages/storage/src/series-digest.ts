import {
  type CandleColumns,
  OPTIONAL_COLUMNS,
  type OptionalColumn,
  optionalColumns,
  REQUIRED_COLUMNS,
} from '@barkeep/core';
import { ContentDigest } from './content-digest.ts';
import type { CoverageEntry } from './coverage-repository.ts';

/**
 * The checksum of one series, used to compare a backup with its original. Depends only on candles
 * and coverage, not on how they are stored.
 */
export class SeriesDigest {
  readonly #required = REQUIRED_COLUMNS.map((name) => ({ name, digest: new ContentDigest() }));
  /** Optional columns in which at least one candle has a value. */
  readonly #optional = new Map<OptionalColumn, ContentDigest>();
  #count = 0;

  /** Adds the next candles, in ascending order and chunks of any size. */
  add(candles: CandleColumns): void {
    for (const { name, digest } of this.#required) digest.addNumbers(candles[name]);
    for (const name of optionalColumns(candles)) this.#addPresent(name, candles[name] ?? []);
    this.#count += candles.timestamp.length;
  }

  /** Number of candles added. */
  get count(): number {
    return this.#count;
  }

  /** Returns the checksum of the candles added and this coverage. */
  finish(coverage: readonly CoverageEntry[]): string {
    const whole = new ContentDigest();
    whole.addText(`${this.#count}`);
    for (const { digest } of this.#required) whole.addText(digest.value);
    for (const name of OPTIONAL_COLUMNS) {
      const digest = this.#optional.get(name);
      if (digest !== undefined) whole.addText(`${name} ${digest.value}`);
    }
    for (const { from, to, source, collectedAt } of coverage) {
      whole.addText(JSON.stringify([from, to, source, collectedAt]));
    }
    return whole.value;
  }

  /** Adds values with their positions, so that a column without any values counts as absent. */
  #addPresent(name: OptionalColumn, values: Iterable<number>): void {
    const present: number[] = [];
    let position = this.#count;
    for (const value of values) {
      if (!Number.isNaN(value)) present.push(position, value);
      position += 1;
    }
    if (present.length === 0) return;
    const digest = this.#optional.get(name) ?? new ContentDigest();
    digest.addNumbers(Float64Array.from(present));
    this.#optional.set(name, digest);
  }
}
