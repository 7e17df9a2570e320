import { CANDLE_COLUMNS, type CandleColumns } from '@barkeep/core';
import { ContentDigest } from './content-digest.ts';
import type { CoverageEntry } from './coverage-repository.ts';

/**
 * The checksum of one series, by which a backup is compared with what was copied: of the bits of its
 * candles and of its coverage, and of nothing that depends on how they are stored.
 */
export class SeriesDigest {
  readonly #columns = CANDLE_COLUMNS.map((column) => ({ column, digest: new ContentDigest() }));
  #count = 0;

  /** The next candles, in ascending order; in pieces of any size. */
  add(candles: CandleColumns): void {
    for (const { column, digest } of this.#columns) digest.addNumbers(candles[column]);
    this.#count += candles.timestamp.length;
  }

  /** How many candles were added. */
  get count(): number {
    return this.#count;
  }

  finish(coverage: readonly CoverageEntry[]): string {
    const whole = new ContentDigest();
    whole.addText(`${this.#count}`);
    for (const { digest } of this.#columns) whole.addText(digest.value);
    for (const { from, to, source, collectedAt } of coverage) {
      whole.addText(JSON.stringify([from, to, source, collectedAt]));
    }
    return whole.value;
  }
}
