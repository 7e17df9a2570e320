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
import { assertEmpty, PARTS, stateOf } from '../realtime-state.ts';
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
    'subscribing works when it is open, and in no other state',
    async (context) => {
      const realtime = await context.create();
      const subscribe = (): unknown => realtime.subscribe({}, () => undefined);
      assertThrows(subscribe, 'NOT_OPEN', 'subscribe when idle', { state: 'idle' });
      await realtime.open();
      subscribe();
      await realtime.close();
      assertThrows(subscribe, 'NOT_OPEN', 'subscribe when closed', { state: 'closed' });
    },
  ),
  scenario(
    'lifecycle/own-data',
    'clearing one cache, and closing it, leaves another alone, which does not know its cursors',
    async (realtime, context) => {
      const other = await context.open();
      for (const { write } of PARTS) await write(other, 5);
      const before = await stateOf(other);
      await realtime.trades.append(SYMBOL, sampleTrades(0, 3));
      assertEqual(await stateOf(other), before, 'the other cache after a write to one');
      const { cursor } = await realtime.trades.replay(SYMBOL);
      await realtime.clear();
      await realtime.close();
      assertEqual(await stateOf(other), before, 'the other cache after one was cleared');
      const { trades, gap } = await other.trades.replay(SYMBOL, { after: cursor });
      assertEqual(trades, before.trades, 'the replay after a cursor of the one');
      assertTrue(gap, 'what the one had is a gap');
    },
  ),
];
