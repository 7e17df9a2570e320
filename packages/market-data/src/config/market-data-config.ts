import type { IDataCache } from '@barkeep/cache';
import type { Clock, SeriesKey, Timeframe, TradingHours } from '@barkeep/core';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { IMarketDataCoordinator, ISmartRouter } from '@barkeep/source';
import type { BackupRetention, CandleQuery, IMarketDataStorage } from '@barkeep/storage';
import type { Adapter } from '../adapters/with-given-adapters.ts';
import type { AlertName, AlertThreshold } from '../contract/alert.ts';
import type { Logger } from '../contract/logger.ts';

/** How candles are kept in the cache. */
export interface CandleCacheConfig {
  /** How many periods a page has. Default: 1,024. */
  readonly pagePeriods?: number | undefined;
  /** A read that takes more pages at once goes to the storage directly. Default: 128. */
  readonly maxPagesPerRead?: number | undefined;
  /** How long a page lives at least that is covered to its end, in milliseconds. Default: 24 hours. */
  readonly settledPageTtlMs?: number | undefined;
  /**
   * Such a page lives as long again as it is old, up to so long, in milliseconds: history stays.
   * Default: 30 days.
   */
  readonly oldPageTtlMs?: number | undefined;
  /** How long any other page lives, in milliseconds of trading time. Default: 60,000. */
  readonly unsettledPageTtlMs?: number | undefined;
  /** How many of the last answers are kept for equal queries; 0 for none. Default: 256. */
  readonly maxAnswers?: number | undefined;
  /** The most bytes these answers keep in memory, as estimated. Default: 16 MiB. */
  readonly maxAnswerBytes?: number | undefined;
}

/** How often and how patiently something is tried. */
export interface RetryPolicy {
  /** All attempts, the first included. */
  readonly maxAttempts: number;
  /** The longest wait before the second attempt; it doubles with each one after. In milliseconds. */
  readonly baseDelayMs: number;
  /** No wait is longer. In milliseconds. */
  readonly maxDelayMs: number;
}

/** When a coordinator that keeps failing is left alone, and for how long. */
export interface BreakerPolicy {
  /** How many retryable failures in a row open it. */
  readonly failures: number;
  /** How long nobody calls then; it doubles with each probe that fails. In milliseconds. */
  readonly pauseMs: number;
  /** No pause is longer. In milliseconds. */
  readonly maxPauseMs: number;
}

/** How the coordinator is asked. */
export interface FetchingConfig {
  /** How long to wait after a period's end before it counts as ended, in milliseconds. Default: 2,000. */
  readonly closeGraceMs?: number | undefined;
  /**
   * How long after its end a period is provisional, in milliseconds: exchanges add late trades and their
   * REST interfaces lag. What is delivered sooner is used, but asked for once more when this time has
   * passed, and only then final; until then it is not in `coverage`, and `lastMayChange` is true of it.
   * Raise it for a source that corrects later, or lags more than a minute and does not report `asOf`;
   * 0 for a source that is final at once, such as a file. Default: the coordinator's own `settlingMs`,
   * otherwise 60,000.
   */
  readonly settlingMs?: number | undefined;
  /** Fetch the current period again when our copy is older than this, in milliseconds. Default: 10,000. */
  readonly currentMaxAgeMs?: number | undefined;
  /** The most periods of one request. Larger gaps take several, the newest first. Default: 10,000. */
  readonly maxPeriodsPerFetch?: number | undefined;
  /** How many requests run at a time, over all series, which take turns. Default: 4. */
  readonly maxConcurrentFetches?: number | undefined;
  /**
   * How many reads wait for their turn, those of one series at most half of them, and how many requests
   * one read takes besides those that run at a time. What is beyond that fails with `OVERLOADED`: the
   * oldest part of a read, or all of it. A batch waits as a few reads, however many queries it has.
   * Default: 10,000.
   */
  readonly maxWaitingFetches?: number | undefined;
  /** A request without an answer for this long has failed, in milliseconds. Default: 60,000. */
  readonly timeoutMs?: number | undefined;
  /**
   * How many times a read with a limit looks further for candles, each time as far again as before. A
   * failure ends the search. Default: 5.
   */
  readonly maxSearchRounds?: number | undefined;
  /**
   * How requests are repeated that failed with a retryable error. Nobody calls the coordinator while the
   * `retryAfterMs` of its error lasts; where that is longer than `maxDelayMs`, reads do not wait for it but
   * answer at once, with the failure. Default: 4 attempts, waits from 250 ms, doubling, of at most
   * 30,000 ms.
   */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /**
   * When a coordinator that keeps failing is left alone: reads are answered from what is stored, at once,
   * and say what is missing. Default: after 5 retryable failures in a row, for 1,000 ms; the pause doubles
   * with each probe that fails, up to 60,000 ms.
   */
  readonly breaker?: Partial<BreakerPolicy> | undefined;
  /** Spreads the waits: from 0 to 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** What is read ahead when the service opens, from the storage into the caches. */
export interface PreloadConfig {
  /** These, such as the pages a chart opens with. Default: none. */
  readonly queries?: readonly CandleQuery[] | undefined;
  /**
   * The latest candles of so many of the series that were read most in earlier runs, as many candles as
   * were read of them. What is read is noted in the storage's metadata, every five minutes and at the
   * end. Default: 0, nothing is noted.
   */
  readonly mostRead?: number | undefined;
}

/** How what comes through the router is recorded. */
export interface RecordingConfig {
  /**
   * How long the state of a candle waits to be stored, with all that come meanwhile, in milliseconds.
   * Until then reads have it from the router. Default: 1,000.
   */
  readonly intervalMs?: number | undefined;
}

/** When the database is looked after. Each number may be left out. */
export interface MaintenanceConfig {
  /** How often it is looked at, in milliseconds. Default: 60,000. */
  readonly intervalMs?: number | undefined;
  /**
   * When what makes writes wait may run: daily hours of a time zone, or those of a market's calendar in
   * which it is closed. Default: every day from 02:00 to 04:00 in `Asia/Seoul`.
   */
  readonly quietHours?: TradingHours | undefined;
  /** Space is given back when more than this share of the pages is free, 0 to 1. Default: 0.15. */
  readonly freeRatio?: number | undefined;
  /** A full vacuum needs more free pages than this. Default: 1,000. */
  readonly freePages?: number | undefined;
  /** The least time between two full vacuums, in milliseconds. Default: a week. */
  readonly vacuumEveryMs?: number | undefined;
  /** A full vacuum that would take longer waits until nobody writes, in milliseconds. Default: 50. */
  readonly maxWaitMs?: number | undefined;
  /** Nobody writes when nothing has changed for this long, in milliseconds. Default: 60,000. */
  readonly idleMs?: number | undefined;
  /** The most free pages that one step gives back, between writes. Default: 100. */
  readonly stepPages?: number | undefined;
  /** How often statistics are renewed, in milliseconds. Default: a day. */
  readonly analyzeEveryMs?: number | undefined;
  /** The least time between two rebuilds of the indexes, in milliseconds. Default: a week. */
  readonly reindexEveryMs?: number | undefined;
  /** How often everything is read and checked, in a quiet hour, in milliseconds. Default: a week. */
  readonly checkEveryMs?: number | undefined;
  /** Verified copies, where the storage can make them. Default: none. */
  readonly backup?: BackupConfig | undefined;
}

export interface BackupConfig {
  /** An existing directory, best on another disk. */
  readonly directory: string;
  /** How often, in milliseconds. Default: a day. */
  readonly everyMs?: number | undefined;
  /** How long one may take, in milliseconds. Default: an hour. */
  readonly deadlineMs?: number | undefined;
  /** Which are kept. Default: the last of each of 7 days, 4 weeks and 6 months. */
  readonly keep?: BackupRetention | undefined;
}

/** How often alerts are checked, and the levels of each; `false` switches one off. */
export type AlertsConfig = {
  /** In milliseconds. Default: 30,000. */
  readonly intervalMs?: number | undefined;
} & { readonly [name in AlertName]?: Partial<AlertThreshold> | false | undefined };

/**
 * How long the candles of some series are kept: those that match every field given. No field given: all
 * series.
 */
export interface RetentionRule {
  readonly symbol?: string | undefined;
  /** What the symbol starts with, taken literally. */
  readonly symbolPrefix?: string | undefined;
  readonly timeframe?: Timeframe | undefined;
  /** One of these must be among what `seriesTags` gives for the series. */
  readonly tags?: readonly string[] | undefined;
  /**
   * How far back from its latest candle a series is kept: `90d`, `12h`, `4w`, or `all`. A little more is
   * kept, up to a 32nd and a period, so that little is written for what is removed.
   */
  readonly keep: string;
}

/** What a service is made of. */
export interface MarketDataConfig {
  /** Keeps the candles: an instance, or a URL such as `sqlite:./market_data.sqlite3` or `memory:`. */
  readonly storage: IMarketDataStorage | string;
  /**
   * Adapters of other packages: what each exports for this. The URLs below may have their schemes.
   * Default: none.
   */
  readonly adapters?: readonly Adapter[] | undefined;
  /**
   * Keeps tickers, order books and trades: an instance or a URL. Default: `memory:`, which needs the
   * package `@barkeep/realtime-memory`.
   */
  readonly realtime?: IRealtimeCache | string | undefined;
  /**
   * Keeps pages of candles: an instance, a URL, or `false` for none. Default: `memory:`, which needs
   * the package `@barkeep/cache-memory`.
   */
  readonly cache?: IDataCache | string | false | undefined;
  /**
   * Keeps pages of history between `cache` and `storage`, from run to run and for every process that
   * shares it: an instance or a URL such as `disk:./cache`. Default: none.
   */
  readonly diskCache?: IDataCache | string | undefined;
  /**
   * Has the freshest values of the exchange, and tells of those that come. Reads have from it what our
   * own memory lacks. Default: none.
   */
  readonly router?: ISmartRouter | undefined;
  /**
   * What the router tells is recorded: tickers, order books and trades in `realtime`, candles in
   * `storage`, with the coverage it promises; after an outage the coordinator is asked for what was
   * missed. `false`: somebody else records it. Default: recorded, where there is a router.
   */
  readonly recording?: RecordingConfig | false | undefined;
  /** Delivers candles that are missing. Default: none, and what is missing is only reported. */
  readonly coordinator?: IMarketDataCoordinator | undefined;
  /** Also given to adapters made from a URL. Default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /**
   * What lies further ahead of the clock is refused with `INVALID_INPUT`, whoever it comes from, in
   * milliseconds; candles may lie one period further ahead. Default: 600,000.
   */
  readonly maxAheadMs?: number | undefined;
  readonly candleCache?: CandleCacheConfig | undefined;
  /**
   * When the markets trade. Expiry counts trading time only: what is read after the close lives until
   * trading goes on. Also given to a realtime adapter made from a URL. Default: always.
   */
  readonly tradingHours?: TradingHours | undefined;
  /**
   * Names by which `invalidate` selects series together, such as their exchange. Asked once for each
   * series. Default: none.
   */
  readonly seriesTags?: ((key: SeriesKey) => readonly string[]) | undefined;
  readonly preload?: PreloadConfig | undefined;
  /**
   * How long candles are kept. The first rule that matches a series counts; without a match everything is
   * kept. It takes effect when `applyRetention` runs, and belongs into one service of a storage: what it
   * removes is not fetched again by any other. `[]` gives up what earlier rules removed to be fetched again.
   * Default: none, and `applyRetention` changes nothing.
   */
  readonly retention?: readonly RetentionRule[] | undefined;
  readonly fetching?: FetchingConfig | undefined;
  /**
   * What raises an alert: an event of the service, kept in `stats().alerts` until it is cleared. Checking
   * asks the storage for its figures, and nothing else. `false`: nothing is checked, and the growth of the
   * storage is only known from calls of `stats()`. Default: every alert, with levels of its own.
   */
  readonly alerts?: AlertsConfig | false | undefined;
  /**
   * How large the storage may become, in bytes: `stats().growth` says how many days are left. Default: its
   * size and what is free on its disk, where that is known.
   */
  readonly storageLimitBytes?: number | undefined;
  /**
   * Takes failures, alerts, clock jumps, what the breaker does, and slow operations, as a line each: pino,
   * `console` or any object of that shape. Default: none.
   */
  readonly logger?: Logger | undefined;
  /** The logger hears of operations that take as long, in milliseconds; `Infinity`: of none. Default: 1,000. */
  readonly slowOperationMs?: number | undefined;
  /**
   * The database is looked after by itself: space is given back, statistics stay fresh, everything is
   * checked once a week. `false`: only when `service.maintenance` is asked to. Default: by itself, where
   * the storage can be maintained.
   */
  readonly maintenance?: MaintenanceConfig | false | undefined;
}
