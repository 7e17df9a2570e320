import type { CacheStatistics } from '@barkeep/cache';
import type { OperationSummary } from '@barkeep/core';
import type { RealtimeStatistics } from '@barkeep/realtime';
import type { StorageStatistics } from '@barkeep/storage';

/**
 * How one tier has fared with the pages of candles it was asked for; `answers`, with whole answers of
 * `getCandles`: what it has, the tiers after it are not asked for.
 */
export interface TierStatistics {
  /** What it is: `answers`, `cache` or `storage`. */
  readonly name: string;
  /** The adapter that serves it; `market-data` for what the service keeps itself. */
  readonly adapter: string;
  readonly hits: number;
  readonly misses: number;
  /** Reads and writes of the tier that failed; a failed cache is passed over, a failed storage is not. */
  readonly failures: number;
}

export interface CandleStatistics {
  /** Candles handed to callers. */
  readonly served: number;
  /** Of those, by where they came from. */
  readonly fromCache: number;
  readonly fromStorage: number;
  readonly fromCoordinator: number;
  /** Reads too large for pages, answered by the storage directly. */
  readonly directReads: number;
  /** The tiers in the order they are consulted. */
  readonly tiers: readonly TierStatistics[];
  /** Series that this process remembers something about. */
  readonly series: number;
}

export interface CoordinatorStatistics {
  /** Calls of `fetchCandles`, repeated attempts included. */
  readonly calls: number;
  readonly retries: number;
  /** Requests that failed for good. */
  readonly failures: number;
  /** Candles delivered and stored. */
  readonly candles: number;
  /** Times that what is noted of a series (start of history, last error) could not be stored. */
  readonly notesLost: number;
  /** Requests under way or waiting for their turn. */
  readonly inFlight: number;
}

/** Figures since the service was opened. */
export interface MarketDataStatistics {
  /** Calls, failures and latencies by method, such as `getCandles`. */
  readonly operations: Readonly<Record<string, OperationSummary>>;
  readonly candles: CandleStatistics;
  /** `undefined` without a coordinator. */
  readonly coordinator: CoordinatorStatistics | undefined;
  readonly storage: StorageStatistics;
  readonly realtime: RealtimeStatistics;
  /** `undefined` without a cache. */
  readonly cache: CacheStatistics | undefined;
}
