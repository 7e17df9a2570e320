import type { TierStatistics } from '../contract/market-data-statistics.ts';
import type { CandlePage, FoundPage, PageRequest } from './candle-page.ts';

/** A place that keeps pages, nearer than the storage. No method rejects. */
export interface CandlePageTier {
  readonly statistics: TierStatistics;
  /** Whether it finds pages only by their revision. */
  readonly needsRevision: boolean;
  /** The pages in the order of the requests; `undefined` for one it lacks. */
  read(requests: readonly PageRequest[]): Promise<(CandlePage | undefined)[]>;
  keep(pages: readonly FoundPage[]): Promise<void>;
  /** Removes what is kept under any of these tags; without tags, everything. */
  forget(tags: readonly string[]): Promise<void>;
  /** Lets go of every page that is worthless after this run of the program. */
  close(): Promise<void>;
}
