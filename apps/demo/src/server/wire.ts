import type { Candle, EpochMs, OrderBook, Ticker, Timeframe, Trade } from '@barkeep/core';
import type {
  CandleOrigins,
  MaintenanceAction,
  MaintenancePlan,
  MaintenanceRun,
  RouterStatus,
} from '@barkeep/market-data';

/** What the page may ask for: the answer of `/api/markets`. */
export interface MarketList {
  readonly markets: readonly MarketChoice[];
  readonly timeframes: readonly Timeframe[];
  /** Whether tickers, books, trades and new candles come in. */
  readonly live: boolean;
}

export interface MarketChoice {
  readonly symbol: string;
  readonly name: string;
}

/** The answer of `/api/candles`. */
export interface CandlePage {
  /** Ascending, with the optional columns that they have. */
  readonly candles: readonly Candle[];
  /** How many of them came from where. */
  readonly origins: CandleOrigins;
  /** How many periods between them have no candle because nobody has fetched them. */
  readonly missingPeriods: number;
  /** Before this there is nothing; absent when that is not known. */
  readonly historyStart?: EpochMs | undefined;
  /** How long the service took, in milliseconds. */
  readonly tookMs: number;
}

/** What `/events` sends: the data of each kind of Server-Sent Event. */
export interface LiveEvents {
  readonly ticker: Ticker;
  readonly book: OrderBook;
  readonly trades: readonly Trade[];
  readonly candles: readonly Candle[];
  readonly stats: LiveStats;
}

/** The state of the house, every few seconds and when the connection to the exchange changes. */
export interface LiveStats {
  /** Absent, with `bytes`, while the storage gives no figures. */
  readonly candles?: number | undefined;
  readonly bytes?: number | undefined;
  /** Page cache hits as a share of its reads; absent before the first read. */
  readonly cacheHitRate?: number | undefined;
  /** Absent where there is no exchange. */
  readonly exchange?: ExchangeStats | undefined;
}

/** How the database stands: the answer of `/api/database`. */
export interface DatabaseStatus extends Omit<MaintenancePlan, 'at'> {
  readonly candles: number;
  readonly bytes: number;
  readonly running?: MaintenanceAction | undefined;
  /** The latest first. */
  readonly runs: readonly MaintenanceRun[];
}

/** How what comes from the exchange fares. */
export interface ExchangeStats {
  readonly status: RouterStatus;
  /** Since when it is connected; else the last sign of life. */
  readonly since: EpochMs;
  /** When a connection that was cut by hand can be made again. */
  readonly cutUntil?: EpochMs | undefined;
  readonly messages: number;
  readonly repeatedTrades: number;
  /** States of candles that came again, or after a newer one. */
  readonly passedOver: number;
  /** Stretches of candles that were missed and have been fetched since. */
  readonly madeUp: number;
  /** Writes that failed; they are made again. */
  readonly failures: number;
}
