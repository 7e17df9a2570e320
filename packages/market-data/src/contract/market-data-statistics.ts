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
  /** What it keeps, where that is known. Of a cache that others share, with theirs. */
  readonly bytes: number | undefined;
  /** What went to keep a bound, where that is known. */
  readonly evictions: number | undefined;
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

/** A request to the coordinator that failed for good, or what it brought was refused or could not be stored. */
export interface CoordinatorError extends RecordedError {
  readonly key: SeriesKey;
  readonly error: BarkeepError;
}

/** Whether the coordinator is being called. */
export interface BreakerStatistics {
  /**
   * `closed`: it is. `open`: it has failed too often in a row, and calls are refused. `half-open`: the
   * next call is a probe, and closes it when it succeeds.
   */
  readonly state: 'closed' | 'open' | 'half-open';
  /** Retryable failures in a row. */
  readonly failures: number;
  /** How long nobody calls, also because the coordinator has asked for that, in milliseconds. */
  readonly retryInMs: number;
  /** How long it has not been closed, in milliseconds; 0 when it is. */
  readonly openMs: number;
}

export interface CoordinatorStatistics {
  /** Calls of `fetchCandles`, repeated attempts included. */
  readonly calls: number;
  /** Reads that would have called it, had they not found everything, or a request to share. */
  readonly saved: number;
  readonly retries: number;
  /** Requests that failed for good, those that were refused by the open breaker included. */
  readonly failures: number;
  /** `undefined` until one fails; later successes do not clear it. */
  readonly lastError: CoordinatorError | undefined;
  readonly breaker: BreakerStatistics;
  /** Candles delivered and stored. */
  readonly candles: number;
  /** Candles delivered that broke a rule, and were left out. */
  readonly refused: number;
  /** Times that what is noted of a series (start of history, last error) could not be stored. */
  readonly notesLost: number;
  /** Starts of history that were delivered and could not be true: in the future, or after a candle. */
  readonly startsDoubted: number;
  /** Requests under way. */
  readonly inFlight: number;
  /** Reads that wait for the turn of a request. */
  readonly waiting: number;
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
  /** Series whose latest storing failed. */
  readonly failing: number;
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

/** A value of the router that broke a rule, with its time where it has one. */
export interface RejectedEvent {
  readonly at: EpochMs;
  readonly message: string;
  /** With `field`, `rule` and, where the value has one, `timestamp`. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface RouterStatistics {
  readonly name: string;
  readonly connection: RouterConnection;
  /** Series of which every candle comes through now. */
  readonly streams: number;
  readonly events: number;
  /**
   * Values that broke a rule and were left out, by the service or by the router itself, and times that it
   * could not say how it stands.
   */
  readonly rejected: number;
  readonly lastRejected: RejectedEvent | undefined;
  /** `undefined` when nothing is recorded. */
  readonly candles: CandleRecordingStatistics | undefined;
  readonly realtime: RealtimeRecordingStatistics | undefined;
}

/** Values of one kind that came through this service: from the router, or by its own methods. */
export interface RealtimeKindStatistics {
  readonly updates: number;
  /**
   * How old the newest is, in milliseconds, by its timestamp; of candles, since it came. `undefined` until
   * one comes.
   */
  readonly ageMs: number | undefined;
}

/** What comes in real time. */
export interface RealtimeActivityStatistics {
  /** Over the last minute. */
  readonly updatesPerSecond: number;
  readonly ticker: RealtimeKindStatistics;
  readonly orderBook: RealtimeKindStatistics;
  readonly trades: RealtimeKindStatistics;
  readonly candle: RealtimeKindStatistics;
}

/**
 * How the storage grows: from samples of its size that this process has taken since the service was opened,
 * one an hour, over a week at most.
 */
export interface GrowthStatistics {
  /** How long it has been watched, in milliseconds. */
  readonly observedMs: number;
  /** Below 0 when it shrinks; `undefined` before ten minutes have passed. */
  readonly bytesPerDay: number | undefined;
  /** `storageLimitBytes`, or what there is room for; `undefined` when neither is known. */
  readonly limitBytes: number | undefined;
  /** `Infinity` when it does not grow; `undefined` when that cannot be told. */
  readonly daysToLimit: number | undefined;
}

/** The adapters that keep figures of their own. */
export type PartName = 'storage' | 'realtime' | 'cache' | 'diskCache';

/** Figures since the service was opened. A part that fails to say keeps no other from it. */
export interface MarketDataStatistics {
  /** Calls, failures and latencies by method, such as `getCandles`. */
  readonly operations: Readonly<Record<string, OperationSummary>>;
  readonly candles: CandleStatistics;
  /** `undefined` without a coordinator. */
  readonly coordinator: CoordinatorStatistics | undefined;
  /** `undefined` without a router. */
  readonly router: RouterStatistics | undefined;
  /** `undefined` when it could not say: see `failed`. */
  readonly storage: StorageStatistics | undefined;
  /** `undefined` when the storage could not say. */
  readonly growth: GrowthStatistics | undefined;
  readonly activity: RealtimeActivityStatistics;
  /** `undefined` when it could not say: see `failed`. */
  readonly realtime: RealtimeStatistics | undefined;
  /** `undefined` without a cache, or when it could not say: see `failed`. */
  readonly cache: CacheStatistics | undefined;
  /** `undefined` without a cache on disk, or when it could not say: see `failed`. */
  readonly diskCache: CacheStatistics | undefined;
  /** Why a part has no figures, by its name; empty when all have them. */
  readonly failed: Readonly<Partial<Record<PartName, BarkeepError>>>;
  /** `undefined` where the storage cannot be maintained. */
  readonly maintenance: MaintenanceStatistics | undefined;
  readonly preload: PreloadStatistics;
  /** Those that were raised and not cleared since. */
  readonly alerts: readonly StandingAlert[];
}
