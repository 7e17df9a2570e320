import type { TierStatistics } from '../market-data-statistics.ts';
import { type CandlePage, isFresh, type PageRequest } from './candle-page.ts';
import type { CandlePageTier } from './candle-page-tier.ts';
import { SharedReads } from './shared-reads.ts';

/** The pages of all series, sought tier by tier; equal requests at a time seek once. */
export class CandlePages {
  readonly #tiers: readonly CandlePageTier[];
  readonly #reads: SharedReads<PageRequest, CandlePage>;

  /** The nearest tier first; the last one must have every page. */
  constructor(tiers: readonly CandlePageTier[]) {
    this.#tiers = tiers;
    this.#reads = new SharedReads({
      textOf: ({ series, page }) => `${page}/${series.text}`,
      stampOf: ({ series }) => series.stamp,
      isCurrent: isFresh,
      read: (requests) => this.#seek(requests),
    });
  }

  get statistics(): TierStatistics[] {
    return this.#tiers.map((tier) => tier.statistics);
  }

  /** The pages in the order of the requests. */
  load(requests: readonly PageRequest[]): Promise<CandlePage[]> {
    return this.#reads.load(requests);
  }

  /** Removes what is kept under any of these tags; without tags, everything. Never rejects. */
  async forget(tags: readonly string[]): Promise<void> {
    for (const tier of this.#tiers) await tier.forget?.(tags);
  }

  /** Lets go of every page that is worthless after this run of the program. */
  async close(): Promise<void> {
    for (const tier of this.#tiers) await tier.close?.();
  }

  /** Asks a tier, has the tiers after it deliver what it lacks, and gives it that to keep. */
  async #seek(requests: readonly PageRequest[], depth = 0): Promise<CandlePage[]> {
    const tier = this.#tiers[depth];
    if (tier === undefined) throw new TypeError('the last tier must have every page');
    const found = await tier.read(requests);
    const lacking = requests.filter((_, i) => found[i] === undefined);
    if (lacking.length === 0) return found.filter((page) => page !== undefined);
    const fetched = await this.#seek(lacking, depth + 1);
    await tier.keep?.(lacking, fetched);
    let next = 0;
    return found.flatMap((page) => page ?? fetched[next++] ?? []);
  }
}
