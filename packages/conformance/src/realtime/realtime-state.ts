import type { OrderBook, Ticker, Trade } from '@barkeep/core';
import type { IRealtimeCache } from '@barkeep/realtime';
import { assertEqual } from '../assertions.ts';
import { SYMBOL } from './sample-market.ts';

export interface RealtimeState {
  readonly ticker: Ticker | undefined;
  readonly orderBook: OrderBook | undefined;
  readonly trades: Trade[];
}

/** All that is kept of the sample symbol. */
export async function stateOf(realtime: IRealtimeCache): Promise<RealtimeState> {
  return {
    ticker: await realtime.tickers.get(SYMBOL),
    orderBook: await realtime.orderBooks.get(SYMBOL),
    trades: await realtime.trades.recent(SYMBOL),
  };
}

/** Asserts that nothing is stored. */
export async function assertEmpty(realtime: IRealtimeCache, what: string): Promise<void> {
  const nothing = { ticker: undefined, orderBook: undefined, trades: [] };
  assertEqual(await stateOf(realtime), nothing, `${what}: what is stored`);
  const { tickers, orderBooks, trades } = await realtime.stats();
  assertEqual({ tickers, orderBooks, trades }, { tickers: 0, orderBooks: 0, trades: 0 }, what);
}
