import { CandleSeries, type EpochMs, type Interval } from '@barkeep/core';
import type { CandleAsk } from '../answers/candle-ask.ts';
import type { CandlePage, PageRequest } from './candle-page.ts';

/** The candles of an ask. */
export interface FoundCandles {
  readonly candles: CandleSeries;
  /** How many of them each tier had. */
  readonly byTier: ReadonlyMap<string, number>;
  /** Until when the cache keeps all of them; `-Infinity` when some came from elsewhere. */
  readonly cachedUntil: EpochMs;
}

/**
 * One read going over its pages: all of them at once without a limit; with one, from the end that
 * counts, as many as a market with a candle in every period would need, then twice as many, and so on.
 */
export class PageWalk {
  readonly #ask: CandleAsk;
  /** The part of the range that has candles. */
  readonly #stretch: Interval;
  readonly #pages: CandlePage[] = [];
  #first: number;
  #last: number;
  #candles = 0;
  #stride: number;
  #cachedUntil = Number.POSITIVE_INFINITY;

  constructor(ask: CandleAsk, stretch: Interval) {
    const { geometry } = ask.series;
    this.#ask = ask;
    this.#stretch = stretch;
    this.#first = geometry.pageOf(stretch.from);
    this.#last = stretch.from < stretch.to ? geometry.pageOf(stretch.to - 1) : this.#first - 1;
    this.#stride = this.#firstStride();
  }

  /** How many pages the next step takes; 0 when it is done. */
  get nextPages(): number {
    const left = this.#last - this.#first + 1;
    return this.#candles >= this.#ask.limit ? 0 : Math.min(left, this.#stride);
  }

  /** The pages of the next step, ascending. */
  step(): PageRequest[] {
    const { series, take } = this.#ask;
    const count = this.nextPages;
    const start = take === 'last' ? this.#last - count + 1 : this.#first;
    const requests: PageRequest[] = [];
    for (let page = start; page < start + count; page += 1) requests.push({ series, page });
    return requests;
  }

  /** Takes in the pages of a step. */
  add(pages: readonly CandlePage[]): void {
    if (this.#ask.take === 'last') {
      this.#pages.unshift(...pages);
      this.#last -= pages.length;
    } else {
      this.#pages.push(...pages);
      this.#first += pages.length;
    }
    for (const page of pages) {
      const [start, end] = this.#bounds(page.candles);
      this.#candles += end - start;
      this.#cachedUntil = Math.min(this.#cachedUntil, page.cachedUntil);
    }
    this.#stride *= 2;
  }

  /** The candles asked for; of one page, sharing its memory. */
  result(): FoundCandles {
    const { series, limit, take } = this.#ask;
    const surplus = Math.max(0, this.#candles - limit);
    let skip = take === 'last' ? surplus : 0;
    let room = this.#candles - surplus;
    const parts: CandleSeries[] = [];
    const byTier = new Map<string, number>();
    for (const { candles, tier } of this.#pages) {
      const [start, end] = this.#bounds(candles);
      const from = Math.min(start + skip, end);
      const to = Math.min(from + room, end);
      skip -= from - start;
      room -= to - from;
      if (from === to) continue;
      parts.push(to - from === candles.length ? candles : candles.slice(from, to));
      byTier.set(tier, (byTier.get(tier) ?? 0) + to - from);
    }
    const candles = CandleSeries.concat(series.key, parts);
    return { candles, byTier, cachedUntil: this.#cachedUntil };
  }

  #firstStride(): number {
    const { series, limit, take } = this.#ask;
    const { from, to } = this.#stretch;
    if (limit === Number.POSITIVE_INFINITY || from >= to) return Number.POSITIVE_INFINITY;
    return take === 'last'
      ? this.#last - series.geometry.pageBefore(to, limit) + 1
      : series.geometry.pageAfter(from, limit) - this.#first + 1;
  }

  #bounds(candles: CandleSeries): readonly [start: number, end: number] {
    const { from, to } = this.#stretch;
    const start = candles.firstTimestamp >= from ? 0 : candles.indexAtOrAfter(from);
    const end = candles.lastTimestamp < to ? candles.length : candles.indexAtOrAfter(to);
    return [start, Math.max(start, end)];
  }
}
