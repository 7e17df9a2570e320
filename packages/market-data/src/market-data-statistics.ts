import type { CacheStatistics } from '@barkeep/cache';
import type { BarkeepErrorCode, EpochMs, OperationSummary } from '@barkeep/core';
import type { RealtimeStatistics } from '@barkeep/realtime';
import type { RouterConnection } from '@barkeep/source';
import type { StorageStatistics } from '@barkeep/storage';

/**
 * How one tier has fared with the pages of candles it was asked for; `answers`, with whole answers of
 * `getCandles`: what it has, the tiers after it are not asked for.
 */
export interface TierStatistics {
  /** What it is: `answers`, `cache`, `router`, `disk` or `storage`. */
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
  readonly fromRouter: number;
  readonly fromDisk: number;
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

/** What was read ahead when the service opened. */
export interface PreloadStatistics {
  readonly queries: number;
  readonly candles: number;
  /** Queries that failed, and times that what is read most could not be read or noted. */
  readonly failures: number;
}

/** The latest failure of some work in the background. */
export interface LastError {
  readonly at: EpochMs;
  readonly code: BarkeepErrorCode;
  readonly message: string;
}

/** What became of the states of candles that came through the router. */
export interface CandleRecordingStatistics {
  readonly series: number;
  /** States that were stored, each in place of the one before it. */
  readonly stored: number;
  /** States that were known already. */
  readonly repeated: number;
  /** States that came after a newer one. */
  readonly outdated: number;
  /** States that came when their period had ended, without a promise that they would. */
  readonly late: number;
  /** States and promises of more series than are recorded at a time. */
  readonly refused: number;
  /** Calls of the storage that failed; they are made again. */
  readonly failures: number;
  /** Of these calls. */
  readonly lastError: LastError | undefined;
  /** Stretches that were missed, such as outages, and that the coordinator has delivered since. */
  readonly madeUp: number;
}

/** What became of the tickers, order books and trades that came through the router. */
export interface RealtimeRecordingStatistics {
  readonly stored: number;
  /** Tickers and order books that came after a newer one. */
  readonly outdated: number;
  /** Trades that were there already. */
  readonly duplicates: number;
  /** Trades that had to wait too long for a cache that failed, or that it refused. */
  readonly dropped: number;
  /** Calls of the realtime cache that failed. */
  readonly failures: number;
  /** Of these calls. */
  readonly lastError: LastError | undefined;
}

/** An event of the router that broke a rule of the port. */
export interface RejectedEvent {
  readonly at: EpochMs;
  readonly message: string;
  /** With `field` and `rule`. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface RouterStatistics {
  readonly name: string;
  readonly connection: RouterConnection;
  /** Series of which every candle comes through now. */
  readonly streams: number;
  readonly events: number;
  /** Events that broke a rule and were passed over, and times that it could not say how it stands. */
  readonly rejected: number;
  readonly lastRejected: RejectedEvent | undefined;
  /** `undefined` when nothing is recorded. */
  readonly candles: CandleRecordingStatistics | undefined;
  readonly realtime: RealtimeRecordingStatistics | undefined;
}

/** Figures since the service was opened. */
export interface MarketDataStatistics {
  /** Calls, failures and latencies by method, such as `getCandles`. */
  readonly operations: Readonly<Record<string, OperationSummary>>;
  readonly candles: CandleStatistics;
  /** `undefined` without a coordinator. */
  readonly coordinator: CoordinatorStatistics | undefined;
  /** `undefined` without a router. */
  readonly router: RouterStatistics | undefined;
  readonly storage: StorageStatistics;
  readonly realtime: RealtimeStatistics;
  /** `undefined` without a cache. */
  readonly cache: CacheStatistics | undefined;
  /** `undefined` without a cache on disk. */
  readonly diskCache: CacheStatistics | undefined;
  readonly preload: PreloadStatistics;
}
