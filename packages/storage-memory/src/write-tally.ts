import { type CandleSeries, candleComparison, type EpochMs } from '@barkeep/core';
import type { WriteResult } from '@barkeep/storage';

/** Counts what a write does, as it goes through a series in ascending order. */
export class WriteTally {
  readonly #counts = { inserted: 0, updated: 0, unchanged: 0 };
  #firstChanged: EpochMs | undefined;
  #lastChanged: EpochMs = Number.NaN;

  get result(): WriteResult {
    return { ...this.#counts };
  }

  /** The first and the last candle that were inserted or updated; `undefined` when none was. */
  get changed(): { readonly first: EpochMs; readonly last: EpochMs } | undefined {
    if (this.#firstChanged === undefined) return undefined;
    return { first: this.#firstChanged, last: this.#lastChanged };
  }

  /** Counts one candle; they ascend. */
  add(timestamp: EpochMs, effect: keyof WriteResult): void {
    this.#counts[effect] += 1;
    if (effect === 'unchanged') return;
    this.#firstChanged ??= timestamp;
    this.#lastChanged = timestamp;
  }

  /** Counts candles that come on top of others; returns whether they change anything. */
  count(base: CandleSeries, over: CandleSeries): boolean {
    const unchangedBefore = this.#counts.unchanged;
    const isEqual = candleComparison(base, over);
    let i = base.indexAtOrAfter(over.firstTimestamp);
    for (const [j, timestamp] of over.timestamp.entries()) {
      while ((base.timestamp[i] ?? Number.POSITIVE_INFINITY) < timestamp) i += 1;
      const isStored = base.timestamp[i] === timestamp;
      const isSame = isStored && isEqual(i, j);
      this.add(timestamp, isSame ? 'unchanged' : isStored ? 'updated' : 'inserted');
    }
    return this.#counts.unchanged - unchangedBefore < over.length;
  }
}
