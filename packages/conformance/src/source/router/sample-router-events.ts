import { type EpochMs, type SeriesKey, timeframeGrid } from '@barkeep/core';
import type { LiveCandle, MarketEvent } from '@barkeep/source';
import {
  START,
  SYMBOL,
  sampleBook,
  sampleTicker,
  sampleTrade,
} from '../../realtime/sample-market.ts';

export const KEY: SeriesKey = Object.freeze({ symbol: SYMBOL, timeframe: '1m' });
export const MINUTE_MS = 60_000;

/** A state of the candle that holds `START + at`, whose volume tells its `asOf`. */
export function sampleLive(at = 0, asOf: number = at, key: SeriesKey = KEY): LiveCandle {
  const timestamp: EpochMs = timeframeGrid(key.timeframe).floor(START + at);
  const candle = { timestamp, open: 100, high: 110, low: 90, close: 105, volume: asOf };
  return { key, candle, asOf: START + asOf };
}

export function tickerEvent(at = 0, symbol: string = SYMBOL): MarketEvent {
  return { type: 'ticker', ticker: sampleTicker(at, symbol) };
}

export function bookEvent(at = 0, symbol: string = SYMBOL): MarketEvent {
  return { type: 'orderBook', book: sampleBook(at, symbol) };
}

/** The trades with these numbers, in this order. */
export function tradesEvent(numbers: readonly number[], symbol: string = SYMBOL): MarketEvent {
  return { type: 'trades', symbol, trades: numbers.map((i) => sampleTrade(i)) };
}

export function candleEvent(live: LiveCandle = sampleLive()): MarketEvent {
  return { type: 'candle', live };
}
