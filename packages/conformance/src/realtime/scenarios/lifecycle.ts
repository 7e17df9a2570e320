import type {
  IOrderBookRepository,
  IRealtimeCache,
  ITickerRepository,
  ITradeRepository,
} from '@barkeep/realtime';
import { assertEqual, assertThrows, assertTrue } from '../../assertions.ts';
import { type HandleOperation, handleScenarios } from '../../handle-scenarios.ts';
import {
  bareScenario,
  type RealtimeScenario,
  realtimeScenarios,
  scenario,
} from '../realtime-scenario.ts';
import { assertEmpty, stateOf } from '../realtime-state.ts';
import { SYMBOL, sampleBook, sampleTicker, sampleTrades } from '../sample-market.ts';

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
const OPERATIONS: Readonly<Record<RealtimeOperationName, HandleOperation<IRealtimeCache>>> = {
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

export const lifecycleScenarios: readonly RealtimeScenario[] = [
  ...handleScenarios(realtimeScenarios, { operations: () => OPERATIONS, assertEmpty }),
  bareScenario(
    'lifecycle/subscribe',
    'subscribing works when open, and in no other state',
    async (context) => {
      const realtime = await context.create();
      const subscribe = (): unknown => realtime.subscribe({}, () => undefined);
      assertThrows(subscribe, 'NOT_OPEN', 'subscribe when idle', { state: 'idle' });
      const opening = realtime.open();
      assertThrows(subscribe, 'NOT_OPEN', 'subscribe while opening', { state: 'opening' });
      await opening;
      subscribe();
      await realtime.close();
      assertThrows(subscribe, 'NOT_OPEN', 'subscribe when closed', { state: 'closed' });
    },
  ),
  scenario(
    'lifecycle/own-data',
    'clearing one cache, and closing it, leaves the data of another alone',
    async (realtime, context) => {
      const other = await context.open();
      await other.trades.append(SYMBOL, sampleTrades(0, 2));
      await other.tickers.set(sampleTicker());
      await other.orderBooks.set(sampleBook());
      const before = await stateOf(other);
      await realtime.trades.append(SYMBOL, sampleTrades(5, 9));
      assertEqual(await stateOf(other), before, 'the other cache after a write to one');
      await realtime.clear();
      await realtime.close();
      assertEqual(await stateOf(other), before, 'the other cache after one was cleared');
    },
  ),
  scenario(
    'lifecycle/restart',
    'a cursor from before a restart over nothing reports a gap',
    async (realtime, context) => {
      await realtime.trades.append(SYMBOL, sampleTrades(0, 3));
      const { cursor } = await realtime.trades.replay(SYMBOL);
      const next = await context.open();
      await next.trades.append(SYMBOL, sampleTrades(5, 7));
      const { trades, gap } = await next.trades.replay(SYMBOL, { after: cursor });
      assertEqual(trades, sampleTrades(5, 7), 'the replay');
      assertTrue(gap, 'what the other cache had is a gap');
    },
  ),
  scenario('lifecycle/statistics', 'a fresh cache has counted nothing', async (realtime) => {
    const { operations: _, bytes, ...counts } = await realtime.stats();
    const names = ['tickers', 'orderBooks', 'trades', 'hits', 'misses', 'stored', 'stale'];
    const more = ['duplicates', 'expirations', 'evictions', 'unreadable'];
    const none = Object.fromEntries([...names, ...more].map((name) => [name, 0]));
    assertEqual(counts, none, 'what it has counted');
    await realtime.trades.append(SYMBOL, sampleTrades(0, 40));
    await realtime.orderBooks.set(sampleBook(0, SYMBOL, 30));
    const { bytes: full } = await realtime.stats();
    const least = 40 * 24 + 60 * 16;
    assertTrue(full - bytes > least, `40 trades and 60 levels take ${full - bytes} bytes`);
  }),
];
