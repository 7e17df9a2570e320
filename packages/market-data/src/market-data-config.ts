import type { IDataCache } from '@barkeep/cache';
import type { Clock, SeriesKey, TradingHours } from '@barkeep/core';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { IMarketDataCoordinator, ISmartRouter } from '@barkeep/source';
import type { CandleQuery, IMarketDataStorage } from '@barkeep/storage';
import type { RetryPolicy } from './fetching/retry.ts';

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

/** How the coordinator is asked. */
export interface FetchingConfig {
  /** A period counts as ended so long after its end, in milliseconds of the clock. Default: 2,000. */
  readonly closeGraceMs?: number | undefined;
  /**
   * The current period is asked for again when it was last fetched or written so long ago, in
   * milliseconds. Default: 10,000.
   */
  readonly currentMaxAgeMs?: number | undefined;
  /** The most periods of one request; larger gaps take several, the latest first. Default: 10,000. */
  readonly maxPeriodsPerFetch?: number | undefined;
  /** How many requests run at a time, over all series. Default: 4. */
  readonly maxConcurrentFetches?: number | undefined;
  /** How many wait for their turn; more fail with `OVERLOADED`. Default: 10,000. */
  readonly maxWaitingFetches?: number | undefined;
  /** After so long without an answer a request counts as failed, in milliseconds. Default: 60,000. */
  readonly timeoutMs?: number | undefined;
  /** How often a read with a limit asks further and further on for candles. Default: 5. */
  readonly maxSearchRounds?: number | undefined;
  /** Default: 4 attempts, waits from 250 ms, doubling, of at most 30,000 ms. */
  readonly retry?: Partial<RetryPolicy> | undefined;
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

/** What a service is made of. */
export interface MarketDataConfig {
  /** Keeps the candles: an instance, or a URL such as `sqlite:./market_data.sqlite3` or `memory:`. */
  readonly storage: IMarketDataStorage | string;
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
  readonly fetching?: FetchingConfig | undefined;
}
