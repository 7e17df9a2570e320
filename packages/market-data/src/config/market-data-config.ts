import type { IDataCache } from '@barkeep/cache';
import type { Clock, SeriesKey, Timeframe, TradingHours } from '@barkeep/core';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { IMarketDataCoordinator, ISmartRouter } from '@barkeep/source';
import type { BackupRetention, CandleQuery, IMarketDataStorage } from '@barkeep/storage';
import type { Adapter } from '../adapters/with-given-adapters.ts';
import type { AlertName, AlertThreshold } from '../contract/alert.ts';
import type { Logger } from '../contract/logger.ts';

/** How candles are cached, in pages of a fixed number of periods. */
export interface CandleCacheConfig {
  /**
   * Periods per page. Larger pages mean fewer lookups, but more to reload after a change. Default:
   * 1,024.
   */
  readonly pagePeriods?: number | undefined;
  /**
   * Reads of more pages than this bypass the cache and go directly to the storage. Default: 128.
   */
  readonly maxPagesPerRead?: number | undefined;
  /** Minimum TTL of a settled page (one covered to its end), in milliseconds. Default: 24 hours. */
  readonly settledPageTtlMs?: number | undefined;
  /**
   * Maximum TTL of a settled page, in milliseconds. A settled page is cached for as long as its
   * data is old (a week-old page for a week), but not longer than this, or than `settledPageTtlMs`
   * if that is more. Default: 30 days.
   */
  readonly oldPageTtlMs?: number | undefined;
  /**
   * TTL of any other page, in milliseconds of trading time, but never longer than `settledPageTtlMs` of
   * wall time, if that is more. Default: 60,000.
   */
  readonly unsettledPageTtlMs?: number | undefined;
  /** How many recent answers to keep for identical queries; 0 disables it. Default: 256. */
  readonly maxAnswers?: number | undefined;
  /** Maximum estimated memory of these answers, in bytes. Default: 16 MiB. */
  readonly maxAnswerBytes?: number | undefined;
}

/** How failed requests are retried. */
export interface RetryPolicy {
  /** Maximum number of attempts, including the first. */
  readonly maxAttempts: number;
  /**
   * Maximum delay before the second attempt, in milliseconds. Doubles with each further attempt.
   */
  readonly baseDelayMs: number;
  /** Upper limit of the delay, in milliseconds. */
  readonly maxDelayMs: number;
}

/** When the circuit breaker pauses calls to a failing coordinator, and for how long. */
export interface BreakerPolicy {
  /** Retryable failures in a row that open the breaker. */
  readonly failures: number;
  /** How long it stays open, in milliseconds. Doubles with each failed probe. */
  readonly pauseMs: number;
  /** Upper limit of the pause, in milliseconds. */
  readonly maxPauseMs: number;
}

/** How candles are fetched from the coordinator. */
export interface FetchingConfig {
  /**
   * How long to wait after a period's end before treating it as closed, in milliseconds. Default:
   * 2,000.
   */
  readonly closeGraceMs?: number | undefined;
  /**
   * How long a period stays provisional after its end, in milliseconds, as exchanges add late
   * trades and their REST APIs lag. Candles fetched sooner are returned but not yet final: they are
   * requested once more when this time has passed, are not in `coverage`, and make `lastMayChange`
   * true. Raise it for a source that corrects data later, or lags by more than a minute and does
   * not report `asOf`. Use 0 for a source that is final at once, such as a file. Default: the
   * coordinator's own `settlingMs`, otherwise 60,000.
   */
  readonly settlingMs?: number | undefined;
  /**
   * Refetch the candle in progress when our copy is older than this, in milliseconds. Default:
   * 10,000.
   */
  readonly currentMaxAgeMs?: number | undefined;
  /**
   * Maximum number of periods per request. Larger gaps are split, newest part first. Default:
   * 10,000.
   */
  readonly maxPeriodsPerFetch?: number | undefined;
  /** Maximum number of concurrent requests over all series, which take turns. Default: 4. */
  readonly maxConcurrentFetches?: number | undefined;
  /**
   * Maximum number of reads queued for a request (half of it per series), and of requests one read
   * may have beyond those running. Anything more fails with `OVERLOADED`: the oldest part of a
   * read, or all of it. A batch counts as a few reads, however many queries it has. Default:
   * 10,000.
   */
  readonly maxWaitingFetches?: number | undefined;
  /** A request fails if it takes longer than this, in milliseconds. Default: 60,000. */
  readonly timeoutMs?: number | undefined;
  /**
   * How many rounds a read with a limit searches for candles. Each round looks twice as far. A
   * failure ends the search. More rounds find more candles in quiet markets, with more requests.
   * Default: 5.
   */
  readonly maxSearchRounds?: number | undefined;
  /**
   * How requests that failed with a retryable error are retried. The coordinator is not called
   * during the `retryAfterMs` of its error; if that is longer than `maxDelayMs`, reads return the
   * failure at once instead of waiting. Default: 4 attempts with delays from 250 ms, doubling, up
   * to 30,000 ms.
   */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /**
   * When to pause calls to a failing coordinator. During the pause, reads return at once with what
   * is stored and report what is missing. Default: after 5 retryable failures in a row, for 1,000
   * ms; the pause doubles with each failed probe, up to 60,000 ms.
   */
  readonly breaker?: Partial<BreakerPolicy> | undefined;
  /** Random numbers from 0 to 1 that spread the retry delays. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** What to preload from the storage into the caches when the service opens. */
export interface PreloadConfig {
  /** Preload these queries, such as the initial view of a chart. Default: none. */
  readonly queries?: readonly CandleQuery[] | undefined;
  /**
   * Preload the latest candles of the N series that earlier runs read most often, as many candles
   * as were read of each. Reads are recorded in the storage's metadata every five minutes and on
   * close. Default: 0; nothing is recorded.
   */
  readonly mostRead?: number | undefined;
}

/** How live data from the router is recorded. */
export interface RecordingConfig {
  /**
   * How long to batch candle updates before writing them to the storage, in milliseconds. Until
   * then, reads get them from the router. Default: 1,000.
   */
  readonly intervalMs?: number | undefined;
}

/** Scheduled database maintenance. Every field is optional. */
export interface MaintenanceConfig {
  /** How often to check whether an action is due, in milliseconds. Default: 60,000. */
  readonly intervalMs?: number | undefined;
  /**
   * When actions that block writes may run: daily hours in a time zone, or the hours in which a
   * market is closed. Default: every day from 02:00 to 04:00 in `Asia/Seoul`.
   */
  readonly quietHours?: TradingHours | undefined;
  /** Release space when more than this share of the pages is free, from 0 to 1. Default: 0.15. */
  readonly freeRatio?: number | undefined;
  /** A full vacuum requires more free pages than this. Default: 1,000. */
  readonly freePages?: number | undefined;
  /** Minimum time between two full vacuums, in milliseconds. Default: a week. */
  readonly vacuumEveryMs?: number | undefined;
  /**
   * A full vacuum expected to take longer than this, in milliseconds, waits until the database is
   * idle. Default: 50.
   */
  readonly maxWaitMs?: number | undefined;
  /**
   * The database counts as idle when nothing has changed for this long, in milliseconds. Default:
   * 60,000.
   */
  readonly idleMs?: number | undefined;
  /** Maximum number of free pages released per step, between writes. Default: 100. */
  readonly stepPages?: number | undefined;
  /** How often to update statistics, in milliseconds. Default: a day. */
  readonly analyzeEveryMs?: number | undefined;
  /** Minimum time between two index rebuilds, in milliseconds. Default: a week. */
  readonly reindexEveryMs?: number | undefined;
  /** How often to read and check all data, during quiet hours, in milliseconds. Default: a week. */
  readonly checkEveryMs?: number | undefined;
  /** Scheduled, verified backups, if the storage supports them. Default: none. */
  readonly backup?: BackupConfig | undefined;
}

/** Scheduled backups. */
export interface BackupConfig {
  /** An existing directory, preferably on another disk. */
  readonly directory: string;
  /** How often to create a backup, in milliseconds. Default: a day. */
  readonly everyMs?: number | undefined;
  /** Time limit of one backup, in milliseconds. Default: an hour. */
  readonly deadlineMs?: number | undefined;
  /** Which backups to keep. Default: the latest of each of 7 days, 4 weeks and 6 months. */
  readonly keep?: BackupRetention | undefined;
}

/** How often alerts are checked, and the levels of each alert. `false` disables an alert. */
export type AlertsConfig = {
  /** How often to check, in milliseconds. Default: 30,000. */
  readonly intervalMs?: number | undefined;
} & { readonly [name in AlertName]?: Partial<AlertThreshold> | false | undefined };

/**
 * How long to keep the candles of some series: those that match every given field. Without any
 * field: all series.
 */
export interface RetentionRule {
  readonly symbol?: string | undefined;
  /** A prefix of the symbol, taken literally. */
  readonly symbolPrefix?: string | undefined;
  readonly timeframe?: Timeframe | undefined;
  /** At least one of these must be among the series' tags (`seriesTags`). */
  readonly tags?: readonly string[] | undefined;
  /**
   * How far back from its latest candle a series is kept: `90d`, `12h`, `4w`, or `all`. Keeps up to
   * 1/32 and one period more, so that removals need few writes.
   */
  readonly keep: string;
}

/**
 * The configuration of a service.
 *
 * @example
 * const config: MarketDataConfig = {
 *   storage: 'sqlite:./market_data.sqlite3',
 *   cache: 'memory:',
 *   coordinator: new MyCoordinator(),
 *   retention: [{ timeframe: '1m', keep: '90d' }],
 * };
 */
export interface MarketDataConfig {
  /** Candle storage: an instance, or a URL such as `sqlite:./market_data.sqlite3` or `memory:`. */
  readonly storage: IMarketDataStorage | string;
  /**
   * Definitions from other adapter packages, so that the URLs below can use their schemes. Default:
   * none.
   */
  readonly adapters?: readonly Adapter[] | undefined;
  /**
   * Cache of tickers, order books and trades: an instance or a URL. Default: `memory:`, which
   * requires the package `@barkeep/realtime-memory`.
   */
  readonly realtime?: IRealtimeCache | string | undefined;
  /**
   * Cache of candle pages: an instance, a URL, or `false` for none. Default: `memory:`, which
   * requires the package `@barkeep/cache-memory`.
   */
  readonly cache?: IDataCache | string | false | undefined;
  /**
   * Second-level cache of historical pages, between `cache` and `storage`, which survives restarts
   * and can be shared by processes: an instance or a URL such as `disk:./cache`. Default: none.
   */
  readonly diskCache?: IDataCache | string | undefined;
  /**
   * Live data of the exchange. Reads get from it what our own caches lack, and its events are
   * recorded; see `recording`. Default: none.
   */
  readonly router?: ISmartRouter | undefined;
  /**
   * Store everything the router emits: tickers, order books and trades in `realtime`, candles in
   * `storage`, with the coverage of its streams. After an outage, the gap is backfilled from the
   * coordinator. Set `false` if another process does the recording. Default: on if there is a
   * router.
   */
  readonly recording?: RecordingConfig | false | undefined;
  /** Fetches missing candles. Default: none; missing candles are only reported. */
  readonly coordinator?: IMarketDataCoordinator | undefined;
  /** Source of time, also for adapters created from a URL. Default: the system clock. */
  readonly clock?: Clock | undefined;
  /**
   * Values further ahead of the clock than this are rejected with `INVALID_INPUT`, whatever their
   * source, in milliseconds. Candles may be one period further ahead. Default: 600,000.
   */
  readonly maxAheadMs?: number | undefined;
  /** How candles are cached. Default: see each field. */
  readonly candleCache?: CandleCacheConfig | undefined;
  /**
   * When the markets trade. TTLs count trading time only, so values read after the close stay valid
   * until trading resumes. Also passed to a realtime adapter created from a URL. Default: always.
   */
  readonly tradingHours?: TradingHours | undefined;
  /**
   * Returns labels of a series, such as its exchange, by which `invalidate` and retention rules can
   * select it. Called often, so it should be fast and always return the same labels for a series.
   * Default: none.
   */
  readonly seriesTags?: ((key: SeriesKey) => readonly string[]) | undefined;
  /** What to preload when the service opens. Default: nothing. */
  readonly preload?: PreloadConfig | undefined;
  /**
   * How long to keep candles. The first matching rule applies; a series without a match is kept in
   * full. Takes effect through `applyRetention` and scheduled maintenance. Configure it in only one
   * service per storage: what it removes is not fetched again by any other. `[]` lifts earlier
   * limits, so that removed candles can be fetched again. Default: none; nothing is removed.
   */
  readonly retention?: readonly RetentionRule[] | undefined;
  /** How candles are fetched. Default: see each field. */
  readonly fetching?: FetchingConfig | undefined;
  /**
   * When to raise alerts. An alert is an event of the service and stays in `stats().alerts` until
   * cleared. Checks only query the storage's statistics. `false` disables checks; growth of the
   * storage is then only measured when `stats()` is called. Default: every alert, with its default
   * levels.
   */
  readonly alerts?: AlertsConfig | false | undefined;
  /**
   * Maximum size of the storage in bytes, from which `stats().growth` computes the days left.
   * Nothing is enforced. Default: its size plus the free space on its disk, if known.
   */
  readonly storageLimitBytes?: number | undefined;
  /**
   * Receives failures, alerts, clock jumps, breaker changes and slow operations, one line each:
   * pino, `console` or a compatible object. Default: none.
   */
  readonly logger?: Logger | undefined;
  /**
   * Log operations that take at least this long, in milliseconds. `Infinity` logs none. Default:
   * 1,000.
   */
  readonly slowOperationMs?: number | undefined;
  /**
   * Run database maintenance on a schedule: release space, update statistics, check all data once a
   * week. `false` runs it only through `service.maintenance`. Default: scheduled, if the storage
   * supports maintenance.
   */
  readonly maintenance?: MaintenanceConfig | false | undefined;
}
