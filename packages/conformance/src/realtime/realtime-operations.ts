import type {
  IOrderBookRepository,
  IRealtimeCache,
  ITickerRepository,
  ITradeRepository,
} from '@barkeep/realtime';
import type { HandleOperation } from '../handle-scenarios.ts';
import { SYMBOL, sampleBook, sampleTicker, sampleTrades } from './sample-market.ts';

type RealtimeOperationName =
  | `tickers.${keyof ITickerRepository}`
  | `orderBooks.${keyof IOrderBookRepository}`
  | `trades.${keyof ITradeRepository}`
  | 'sweep'
  | 'clear'
  | 'stats';

/**
 * A valid call of every asynchronous method. The type asks for each of them, so a method that the
 * contract gains is a compile error here until it is called in every state of a cache's life.
 */
export const REALTIME_OPERATIONS: Readonly<
  Record<RealtimeOperationName, HandleOperation<IRealtimeCache>>
> = {
  'tickers.set': ({ tickers }, options) => tickers.set(sampleTicker(), options),
  'tickers.get': ({ tickers }, options) => tickers.get(SYMBOL, options),
  'tickers.getMany': ({ tickers }, options) => tickers.getMany([SYMBOL], options),
  'tickers.delete': ({ tickers }, options) => tickers.delete(SYMBOL, options),
  'orderBooks.set': ({ orderBooks }, options) => orderBooks.set(sampleBook(), options),
  'orderBooks.get': ({ orderBooks }, options) => orderBooks.get(SYMBOL, options),
  'orderBooks.getMany': ({ orderBooks }, options) => orderBooks.getMany([SYMBOL], options),
  'orderBooks.delete': ({ orderBooks }, options) => orderBooks.delete(SYMBOL, options),
  'trades.append': ({ trades }, options) => trades.append(SYMBOL, sampleTrades(0, 2), options),
  'trades.recent': ({ trades }, options) => trades.recent(SYMBOL, options),
  'trades.replay': ({ trades }, options) => trades.replay(SYMBOL, options),
  'trades.delete': ({ trades }, options) => trades.delete(SYMBOL, options),
  sweep: (realtime, options) => realtime.sweep(options),
  clear: (realtime, options) => realtime.clear(options),
  stats: (realtime, options) => realtime.stats(options),
};
