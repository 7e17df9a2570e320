import type { TierStatistics } from '../market-data-statistics.ts';
import type { CandlePage, PageRequest } from './candle-page.ts';

/**
 * A place to look for pages. The tiers form a list, nearest first; a page that one lacks is sought in
 * the next, and what a farther one delivers is offered to the nearer ones.
 */
export interface CandlePageTier {
  readonly statistics: TierStatistics;
  /** The pages in the order of the requests; `undefined` for one it lacks or that has changed since. */
  read(requests: readonly PageRequest[]): Promise<(CandlePage | undefined)[]>;
  /** Takes pages in, as far as they are still fresh. Never rejects. */
  keep?(requests: readonly PageRequest[], pages: readonly CandlePage[]): Promise<void>;
  /** Removes what is kept under any of these tags; without tags, everything. Never rejects. */
  forget?(tags: readonly string[]): Promise<void>;
  /** Lets go of every page that is worthless after this run of the program. Never rejects. */
  close?(): Promise<void>;
}
