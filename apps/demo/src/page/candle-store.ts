import type { Candle } from '@barkeep/core';
import type { CandlePage } from '../server/wire.ts';

/** The candles of the chart: ascending, one per timestamp, growing at both ends. */
export class CandleStore {
  #candles: Candle[] = [];

  get all(): readonly Candle[] {
    return this.#candles;
  }

  get first(): Candle | undefined {
    return this.#candles[0];
  }

  get last(): Candle | undefined {
    return this.#candles.at(-1);
  }

  clear(): void {
    this.#candles = [];
  }

  /** The candle at a timestamp. */
  find(timestamp: number): Candle | undefined {
    const candle = this.#candles[this.#indexAtOrAfter(timestamp)];
    return candle?.timestamp === timestamp ? candle : undefined;
  }

  /** Puts a page of candles before what is there. */
  prepend({ candles }: CandlePage): void {
    const first = this.first?.timestamp ?? Number.POSITIVE_INFINITY;
    this.#candles = [...candles.filter(({ timestamp }) => timestamp < first), ...this.#candles];
  }

  /** Adds or replaces one candle. */
  put(candle: Candle): void {
    const index = this.#indexAtOrAfter(candle.timestamp);
    const replaced = this.#candles[index]?.timestamp === candle.timestamp ? 1 : 0;
    this.#candles.splice(index, replaced, candle);
  }

  #indexAtOrAfter(timestamp: number): number {
    let low = 0;
    let high = this.#candles.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#candles[middle]?.timestamp ?? Number.NaN) < timestamp) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
