import { type CandleSeries, type EpochMs, sameCandle } from '@barkeep/core';
import type { WriteResult } from '@barkeep/storage';

/** Counts what a write does, as it goes through a series in ascending order. */
export class WriteTally {
  #inserted = 0;
  #updated = 0;
  #unchanged = 0;
  #firstChanged: EpochMs | undefined;
  #lastChanged: EpochMs = Number.NaN;

  get result(): WriteResult {
    return { inserted: this.#inserted, updated: this.#updated, unchanged: this.#unchanged };
  }

  /** The first and the last candle that were inserted or updated; `undefined` when none was. */
  get changed(): { readonly first: EpochMs; readonly last: EpochMs } | undefined {
    if (this.#firstChanged === undefined) return undefined;
    return { first: this.#firstChanged, last: this.#lastChanged };
  }

  /** Counts candles that come on top of others; returns whether they change anything. */
  count(base: CandleSeries, over: CandleSeries): boolean {
    const unchangedBefore = this.#unchanged;
    let i = base.indexAtOrAfter(over.firstTimestamp);
    for (const [j, timestamp] of over.timestamp.entries()) {
      while ((base.timestamp[i] ?? Number.POSITIVE_INFINITY) < timestamp) i += 1;
      if (base.timestamp[i] !== timestamp) this.#inserted += 1;
      else if (!sameCandle(base, i, over, j)) this.#updated += 1;
      else {
        this.#unchanged += 1;
        continue;
      }
      this.#firstChanged ??= timestamp;
      this.#lastChanged = timestamp;
    }
    return this.#unchanged - unchangedBefore < over.length;
  }
}
