import { type CandleSeries, type Clock, type Interval, intersectIntervals } from '@barkeep/core';
import type { IMarketDataStorage } from '@barkeep/storage';
import type { RouterTier } from '../live/router-tier.ts';
import type { PageRequest } from '../pages/candle-page.ts';
import type { CandlePages } from '../pages/candle-pages.ts';
import { type FoundCandles, PageWalk } from '../pages/page-walk.ts';
import { SharedReads } from '../pages/shared-reads.ts';
import { SeriesLearner } from '../series/series-learner.ts';
import type { SeriesNotebook } from '../series/series-notebook.ts';
import type { Ledger } from '../series/series-state.ts';
import { unsettledStretch } from '../series/unsettled-stretch.ts';
import { askText, type CandleAsk } from './candle-ask.ts';
import { overlayLive } from './overlay-live.ts';

/** What is stored, as far as an ask reaches. */
export interface StoredCandles extends FoundCandles {
  readonly ask: CandleAsk;
  /** As it was when the reading began: what it calls covered, the candles show. */
  readonly ledger: Ledger;
  /** The number of the last change before the reading began. */
  readonly stamp: number;
}

/** Whether nothing of the series has changed since the reading began. */
export function isCurrent({ ask, stamp }: Pick<StoredCandles, 'ask' | 'stamp'>): boolean {
  return ask.series.doubtedAt <= stamp;
}

export interface CandleReaderOptions {
  readonly storage: IMarketDataStorage;
  /** `undefined`: every read goes to the storage. */
  readonly pages: CandlePages | undefined;
  /** Reads that would take more pages go to the storage directly, and leave the cache to others. */
  readonly maxPagesPerRead: number;
  readonly notebook: SeriesNotebook;
  /** Has the candles in the making; `undefined` when there is no router. */
  readonly router: RouterTier | undefined;
  readonly clock: Clock;
  readonly closeGraceMs: number;
}

/** How often a read starts over because the coverage changed meanwhile. */
const MAX_ATTEMPTS = 3;
const NOWHERE: Interval = { from: 0, to: 0 };
const NO_REQUESTS: readonly PageRequest[] = [];

/** Reads what is stored: through pages, or from the storage directly where pages do not pay. */
export class CandleReader {
  readonly #options: CandleReaderOptions;
  readonly #learner: SeriesLearner;
  readonly #direct: SharedReads<CandleAsk, CandleSeries>;
  #directReads = 0;

  constructor(options: CandleReaderOptions) {
    this.#options = options;
    this.#learner = new SeriesLearner(options.storage, options.notebook);
    this.#direct = new SharedReads({
      textOf: askText,
      stampOf: ({ series }) => series.stamp,
      isCurrent: ({ series }, stamp) => series.doubtedAt <= stamp,
      read: (asks) => this.#readDirectly(asks),
    });
  }

  get directReads(): number {
    return this.#directReads;
  }

  /** One answer per ask, in their order; what is not cached takes one round trip to the storage. */
  async read(asks: readonly CandleAsk[]): Promise<StoredCandles[]> {
    const [first] = asks;
    if (first === undefined) return [];
    for (let attempt = 1; ; attempt += 1) {
      const { stamp } = first.series;
      // Coverage before candles: a candle that comes between is reported as missing, never as absent.
      const learning = this.#learner.learn(asks.map(({ series }) => series));
      if (learning !== undefined) await learning;
      const stored = asks.map((ask) => ({ ask, ledger: ask.series.ledger, stamp }));
      const found = await this.#readCandles(asks);
      const isSteady = asks.every(({ series }) => series.coverageChangedAt <= stamp);
      if (attempt < MAX_ATTEMPTS && !isSteady) continue;
      return stored.map((one, i) => ({ ...one, ...this.#withLive(foundAt(found, i), one) }));
    }
  }

  /** The router is asked last: nothing that happens is newer than what it has then. */
  #withLive(found: FoundCandles, { ask, ledger }: Pick<StoredCandles, 'ask' | 'ledger'>) {
    const { router, clock, closeGraceMs } = this.#options;
    if (router === undefined || ask.limit === 0) return found;
    const unsettled = unsettledStretch(ask.series, clock.now(), closeGraceMs);
    const [stretch] = intersectIntervals([unsettled], [ask.range]);
    const live = stretch === undefined ? undefined : router.candles(ask.series.key, stretch);
    return live === undefined ? found : overlayLive(found, live, ask, ledger);
  }

  /** All walks go step by step together, so that each step of all is one request for pages. */
  async #readCandles(asks: readonly CandleAsk[]): Promise<FoundCandles[]> {
    const walks = asks.map((ask) => this.#walk(ask));
    for (;;) {
      const steps = walks.map((walk) => walk?.step() ?? NO_REQUESTS);
      const [only = NO_REQUESTS] = steps;
      const requests = steps.length === 1 ? only : steps.flat();
      if (requests.length === 0) break;
      const pages = (await this.#options.pages?.load(requests)) ?? [];
      let next = 0;
      for (const [i, { length }] of steps.entries()) {
        if (length > 0) walks[i]?.add(pages.slice(next, next + length));
        if (this.#isLong(walks[i])) walks[i] = undefined;
        next += length;
      }
    }
    const unwalked = asks.filter((_, i) => walks[i] === undefined);
    const direct = unwalked.length === 0 ? [] : await this.#direct.load(unwalked);
    let next = 0;
    return walks.map((walk) => walk?.result() ?? directResult(direct[next++]));
  }

  /** `undefined` where the storage is read directly. */
  #walk(ask: CandleAsk): PageWalk | undefined {
    if (this.#options.pages === undefined) return undefined;
    const walk = new PageWalk(ask, candleStretch(ask));
    return this.#isLong(walk) ? undefined : walk;
  }

  #isLong(walk: PageWalk | undefined): boolean {
    return walk !== undefined && walk.nextPages > this.#options.maxPagesPerRead;
  }

  async #readDirectly(asks: readonly CandleAsk[]): Promise<CandleSeries[]> {
    this.#directReads += asks.length;
    return this.#options.storage.candles.readMany(
      asks.map(({ series, range, limit, take }) => ({
        ...series.key,
        ...range,
        take,
        ...(limit === Number.POSITIVE_INFINITY ? {} : { limit }),
      })),
    );
  }
}

/** The part of an ask's range that can have candles. */
function candleStretch({ series: { extent }, range }: CandleAsk): Interval {
  if (extent === undefined) return NOWHERE;
  const from = Math.max(range.from, extent.from);
  return { from, to: Math.max(from, Math.min(range.to, extent.to)) };
}

function directResult(candles: CandleSeries | undefined): FoundCandles {
  if (candles === undefined) throw new TypeError('the storage answered fewer queries than asked');
  return {
    candles,
    byTier: new Map([['storage', candles.length]]),
    cachedUntil: Number.NEGATIVE_INFINITY,
  };
}

function foundAt(found: readonly FoundCandles[], i: number): FoundCandles {
  const candles = found[i];
  if (candles === undefined) throw new TypeError('every ask must find its candles');
  return candles;
}
