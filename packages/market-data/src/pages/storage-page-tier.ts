import type { CandleSeries } from '@barkeep/core';
import type { CandleQuery, IMarketDataStorage } from '@barkeep/storage';
import type { TierStatistics } from '../market-data-statistics.ts';
import { type CandlePage, type PageRequest, stretchOf } from './candle-page.ts';
import type { CandlePageTier } from './candle-page-tier.ts';

/** Consecutive pages of one series, read as one stretch. */
interface PageRun {
  readonly first: PageRequest;
  pages: number;
}

/** Pages read from the storage: the last tier, which has them all. One round trip per call. */
export class StoragePageTier implements CandlePageTier {
  readonly #storage: IMarketDataStorage;
  #hits = 0;
  #failures = 0;

  constructor(storage: IMarketDataStorage) {
    this.#storage = storage;
  }

  get statistics(): TierStatistics {
    const { name } = this.#storage;
    return {
      name: 'storage',
      adapter: name,
      hits: this.#hits,
      misses: 0,
      failures: this.#failures,
    };
  }

  async read(requests: readonly PageRequest[]): Promise<CandlePage[]> {
    const stamps = requests.map(({ series }) => series.stamp);
    const runs = runsOf(requests);
    const series = await this.#readRuns(runs);
    this.#hits += requests.length;
    return runs
      .flatMap((run, i) => pagesOf(run, series[i]))
      .map((candles, i) => ({
        candles,
        stamp: stamps[i] ?? 0,
        tier: 'storage',
        cachedUntil: Number.NEGATIVE_INFINITY,
      }));
  }

  async #readRuns(runs: readonly PageRun[]): Promise<readonly CandleSeries[]> {
    try {
      const [only] = runs;
      return only !== undefined && runs.length === 1
        ? [await this.#storage.candles.read(queryOf(only))]
        : await this.#storage.candles.readMany(runs.map(queryOf));
    } catch (error) {
      this.#failures += 1;
      throw error;
    }
  }
}

function runsOf(requests: readonly PageRequest[]): PageRun[] {
  const runs: PageRun[] = [];
  for (const request of requests) {
    const run = runs.at(-1);
    if (run?.first.series === request.series && run.first.page + run.pages === request.page) {
      run.pages += 1;
    } else {
      runs.push({ first: request, pages: 1 });
    }
  }
  return runs;
}

function queryOf({ first: { series, page }, pages }: PageRun): CandleQuery {
  const { from, to } = series.geometry.stretchOf(page, page + pages - 1);
  return { ...series.key, from, to };
}

/** A page of a longer run gets memory of its own, or caching one would keep all of the run. */
function pagesOf({ first, pages }: PageRun, candles: CandleSeries | undefined): CandleSeries[] {
  if (candles === undefined)
    throw new TypeError('the storage answered fewer queries than it was asked');
  if (pages === 1) return [candles];
  return Array.from({ length: pages }, (_, i) => {
    const { from, to } = stretchOf({ series: first.series, page: first.page + i });
    return candles.between(from, to).copy();
  });
}
