import { CandleSeries, type EpochMs, type Interval } from '@barkeep/core';
import type { CandlePage } from '../pages/candle-page.ts';
import type { AlignedQuery } from '../series/aligned-query.ts';
import type { PageSpan } from '../series/page-geometry.ts';

/** The candles of an ask. */
export interface FoundCandles {
  readonly candles: CandleSeries;
  /** How many of them each tier had. */
  readonly byTier: ReadonlyMap<string, number>;
  /** Until when the cache keeps all of them; `-Infinity` when some came from elsewhere. */
  readonly cachedUntil: EpochMs;
}

/**
 * The pages of one read, as far as they are found. It says which ones are needed next: all at once
 * without a limit; with one, from the end that counts, as many as a market with a candle in every period
 * would need, then twice as many, and so on.
 */
export class PageWalk {
  readonly found: Map<number, CandlePage> = new Map();
  readonly #wanted: AlignedQuery;

  constructor(wanted: AlignedQuery) {
    this.#wanted = wanted;
  }

  /**
   * The pages needed next, ascending; none when it is done, `undefined` when they are more than `most`.
   * `stretch` is the part of the range that may have candles.
   */
  next(stretch: Interval, most: number): number[] | undefined {
    const span = this.#span(stretch);
    if (span.first > span.last || this.#wanted.limit === 0) return [];
    const { first, last } = this.#reach(stretch, span);
    if (last - first >= most + this.found.size) return undefined;
    const needed: number[] = [];
    for (let page = first; page <= last; page += 1) if (!this.found.has(page)) needed.push(page);
    return needed.length > most ? undefined : needed;
  }

  /** The candles asked for; of one page, sharing its memory. */
  result(stretch: Interval): FoundCandles {
    const { series, limit, take } = this.#wanted;
    const { first, last } = this.#span(stretch);
    const pages = [...this.found].filter(([page]) => page >= first && page <= last);
    if (take === 'last') pages.sort(([a], [b]) => b - a);
    else pages.sort(([a], [b]) => a - b);
    const parts: CandleSeries[] = [];
    const byTier = new Map<string, number>();
    let cachedUntil = Number.POSITIVE_INFINITY;
    let room = limit;
    for (const [, { candles, tier, cachedUntil: until }] of pages) {
      if (room <= 0) break;
      const [start, end] = boundsOf(candles, stretch);
      cachedUntil = Math.min(cachedUntil, until);
      const count = Math.min(end - start, room);
      if (count === 0) continue;
      const from = take === 'last' ? end - count : start;
      parts.push(count === candles.length ? candles : candles.slice(from, from + count));
      byTier.set(tier, (byTier.get(tier) ?? 0) + count);
      room -= count;
    }
    if (take === 'last') parts.reverse();
    return { candles: CandleSeries.concat(series.key, parts), byTier, cachedUntil };
  }

  #span({ from, to }: Interval): PageSpan {
    const { geometry } = this.#wanted.series;
    const first = geometry.pageOf(from);
    return { first, last: from < to ? geometry.pageOf(to - 1) : first - 1 };
  }

  /** The part of a span that has to be found before more is needed. */
  #reach(stretch: Interval, span: PageSpan): PageSpan {
    const { limit, take, series } = this.#wanted;
    if (limit === Number.POSITIVE_INFINITY) return span;
    const { geometry } = series;
    const stride =
      take === 'last'
        ? span.last - geometry.pageBefore(stretch.to, limit) + 1
        : geometry.pageAfter(stretch.from, limit) - span.first + 1;
    const walked = this.#walked(stretch, span);
    const length = walked.candles >= limit ? walked.pages : 2 * walked.pages + stride;
    return take === 'last'
      ? { first: Math.max(span.first, span.last - length + 1), last: span.last }
      : { first: span.first, last: Math.min(span.last, span.first + length - 1) };
  }

  /** How many pages from the end that counts are found, and how many candles they have of the stretch. */
  #walked(stretch: Interval, { first, last }: PageSpan): { pages: number; candles: number } {
    const { take, limit } = this.#wanted;
    let candles = 0;
    let pages = 0;
    for (; pages <= last - first && candles < limit; pages += 1) {
      const page = this.found.get(take === 'last' ? last - pages : first + pages);
      if (page === undefined) break;
      const [start, end] = boundsOf(page.candles, stretch);
      candles += end - start;
    }
    return { pages, candles };
  }
}

function boundsOf(
  candles: CandleSeries,
  { from, to }: Interval,
): readonly [start: number, end: number] {
  const start = candles.firstTimestamp >= from ? 0 : candles.indexAtOrAfter(from);
  const end = candles.lastTimestamp < to ? candles.length : candles.indexAtOrAfter(to);
  return [start, Math.max(start, end)];
}
