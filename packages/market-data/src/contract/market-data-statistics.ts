import type { CacheStatistics } from '@barkeep/cache';
import type {
  BarkeepError,
  BarkeepErrorCode,
  EpochMs,
  OperationSummary,
  SeriesKey,
} from '@barkeep/core';
import type { RealtimeStatistics } from '@barkeep/realtime';
import type { RouterConnection } from '@barkeep/source';
import type { StorageStatistics } from '@barkeep/storage';
import type { StandingAlert } from './alert.ts';
import type { MaintenanceStatistics } from './maintenance.ts';
import type { RecordedError } from './series-report.ts';

/**
 * Lookups of candle pages in one tier; for `answers`, of whole `getCandles` results. A tier is only
 * asked for what the tiers before it do not have.
 */
export interface TierStatistics {
  /** `answers`, `cache`, `router`, `disk` or `storage`. */
  readonly name: string;
  /** The adapter behind it; `market-data` for what the service keeps itself. */
  readonly adapter: string;
  readonly hits: number;
  readonly misses: number;
  /** Failed reads and writes. A failing cache is skipped; a failing storage is not. */
  readonly failures: number;
  /** Size in bytes, if known. For a shared cache, of all its users. */
  readonly bytes: number | undefined;
  /** Entries evicted to stay within a bound, if known. */
  readonly evictions: number | undefined;
}

/** Candles served by the service. */
export interface CandleStatistics {
  /** Candles returned to callers. The following fields break them down by origin. */
  readonly served: number;
  /** From the cache. */
  readonly fromCache: number;
  readonly fromRouter: number;
  readonly fromDisk: number;
  readonly fromStorage: number;
  readonly fromCoordinator: number;
  /** Reads too large for pages, served directly from the storage. */
  readonly directReads: number;
  /** The tiers in lookup order. */
  readonly tiers: readonly TierStatistics[];
  /** Series with state in this process. */
  readonly series: number;
}

/**
 * A request to the coordinator that finally failed, or whose result was rejected or could not be
 * stored.
 */
export interface CoordinatorError extends RecordedError {
  readonly key: SeriesKey;
  readonly error: BarkeepError;
}

/** State of the coordinator's circuit breaker. */
export interface BreakerStatistics {
  /**
   * `closed`: calls are made. `open`: too many failures in a row; calls are rejected. `half-open`:
   * the next call is a probe and closes the breaker if it succeeds.
   */
  readonly state: 'closed' | 'open' | 'half-open';
  /** Retryable failures in a row. */
  readonly failures: number;
  /**
   * Time until the next call is allowed, in milliseconds, including a delay requested by the
   * coordinator.
   */
  readonly retryInMs: number;
  /** How long the breaker has not been closed, in milliseconds; 0 if closed. */
  readonly openMs: number;
}

/** Calls of the coordinator. */
export interface CoordinatorStatistics {
  /** Calls of `fetchCandles`, including retries. */
  readonly calls: number;
  /**
   * Reads that needed no call of their own, because everything was stored or another request was
   * shared.
   */
  readonly saved: number;
  readonly retries: number;
  /** Requests that finally failed, including those rejected by the open breaker. */
  readonly failures: number;
  /** `undefined` until a request fails. Not cleared by later successes. */
  readonly lastError: CoordinatorError | undefined;
  readonly breaker: BreakerStatistics;
  /** Candles delivered and stored. */
  readonly candles: number;
  /** Invalid candles that were delivered and dropped. */
  readonly refused: number;
  /** How often a series' metadata (start of history, last error) could not be stored. */
  readonly notesLost: number;
  /** Reported starts of history that cannot be true: in the future, or after a candle. */
  readonly startsDoubted: number;
  /** Requests in progress. */
  readonly inFlight: number;
  /** Reads queued for a request. */
  readonly waiting: number;
}

/** What was preloaded when the service opened. */
export interface PreloadStatistics {
  readonly queries: number;
  readonly candles: number;
  /** Failed queries, and failures to read or store the record of the most read series. */
  readonly failures: number;
}

/** The latest failure of background work. */
export interface LastError {
  readonly at: EpochMs;
  readonly code: BarkeepErrorCode;
  readonly message: string;
}

/** Candle states received from the router. */
export interface CandleRecordingStatistics {
  readonly series: number;
  /** States stored, each replacing the previous one. */
  readonly stored: number;
  /** Duplicate states. */
  readonly repeated: number;
  /** States older than one received before. */
  readonly outdated: number;
  /** States received after their period had closed, without a stream that guarantees them. */
  readonly late: number;
  /** States and streams beyond the maximum number of recorded series. */
  readonly refused: number;
  /** Failed storage calls; they are retried. */
  readonly failures: number;
  /** Series whose latest write failed. */
  readonly failing: number;
  /** The latest of these failures. */
  readonly lastError: LastError | undefined;
  /** Gaps, such as outages, that the coordinator has backfilled. */
  readonly madeUp: number;
}

/** Tickers, order books and trades received from the router. */
export interface RealtimeRecordingStatistics {
  readonly stored: number;
  /** Tickers and order books older than the stored one. */
  readonly outdated: number;
  /** Duplicate trades. */
  readonly duplicates: number;
  /** Trades dropped because a failing cache kept them waiting too long, or rejected them. */
  readonly dropped: number;
  /** Failed calls of the realtime cache. */
  readonly failures: number;
  /** The latest of these failures. */
  readonly lastError: LastError | undefined;
}

/** An invalid value received from the router. */
export interface RejectedEvent {
  readonly at: EpochMs;
  readonly message: string;
  /** Contains `field`, `rule` and, if the value has one, `timestamp`. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** State of the router, and what was recorded from it. */
export interface RouterStatistics {
  readonly name: string;
  readonly connection: RouterConnection;
  /** Number of current candle streams. */
  readonly streams: number;
  readonly events: number;
  /**
   * Invalid values dropped by the service or by the router itself, and invalid reports of the
   * connection.
   */
  readonly rejected: number;
  readonly lastRejected: RejectedEvent | undefined;
  /** `undefined` if recording is off. */
  readonly candles: CandleRecordingStatistics | undefined;
  /** `undefined` if recording is off. */
  readonly realtime: RealtimeRecordingStatistics | undefined;
}

/** Values of one kind received through this service, from the router or its own methods. */
export interface RealtimeKindStatistics {
  readonly updates: number;
  /**
   * Age of the newest value in milliseconds: by its timestamp or, for candles, since it arrived.
   * `undefined` until there is one.
   */
  readonly ageMs: number | undefined;
}

/** Incoming realtime data. */
export interface RealtimeActivityStatistics {
  /** Average over the last minute. */
  readonly updatesPerSecond: number;
  readonly ticker: RealtimeKindStatistics;
  readonly orderBook: RealtimeKindStatistics;
  readonly trades: RealtimeKindStatistics;
  readonly candle: RealtimeKindStatistics;
}

/**
 * Growth of the storage, from hourly samples of its size since the service was opened, over at most
 * a week.
 */
export interface GrowthStatistics {
  /** Length of the observation in milliseconds. */
  readonly observedMs: number;
  /** Negative if the storage shrinks; `undefined` for the first ten minutes. */
  readonly bytesPerDay: number | undefined;
  /**
   * `storageLimitBytes`, or the storage's size plus the free disk space; `undefined` if neither is
   * known.
   */
  readonly limitBytes: number | undefined;
  /** `Infinity` if the storage does not grow; `undefined` if unknown. */
  readonly daysToLimit: number | undefined;
}

/** Adapters with statistics of their own. */
export type PartName = 'storage' | 'realtime' | 'cache' | 'diskCache';

/**
 * Statistics since the service was opened. If a part fails to report, the others still do; see
 * `failed`.
 */
export interface MarketDataStatistics {
  /** Calls, failures and latencies by method, such as `getCandles`. */
  readonly operations: Readonly<Record<string, OperationSummary>>;
  readonly candles: CandleStatistics;
  /** `undefined` without a coordinator. */
  readonly coordinator: CoordinatorStatistics | undefined;
  /** `undefined` without a router. */
  readonly router: RouterStatistics | undefined;
  /** `undefined` if it failed to report; see `failed`. */
  readonly storage: StorageStatistics | undefined;
  /** `undefined` if the storage failed to report. */
  readonly growth: GrowthStatistics | undefined;
  readonly activity: RealtimeActivityStatistics;
  /** `undefined` if it failed to report; see `failed`. */
  readonly realtime: RealtimeStatistics | undefined;
  /** `undefined` without a cache, or if it failed to report; see `failed`. */
  readonly cache: CacheStatistics | undefined;
  /** `undefined` without a disk cache, or if it failed to report; see `failed`. */
  readonly diskCache: CacheStatistics | undefined;
  /** The errors of parts that failed to report, by name; empty if none did. */
  readonly failed: Readonly<Partial<Record<PartName, BarkeepError>>>;
  /** `undefined` if the storage does not support maintenance. */
  readonly maintenance: MaintenanceStatistics | undefined;
  readonly preload: PreloadStatistics;
  /** Alerts that were raised and have not been cleared. */
  readonly alerts: readonly StandingAlert[];
}
