import type { Trade } from '@barkeep/core';
import type { IRealtimeCache, TradeReadOptions } from '@barkeep/realtime';
import { assertEqual } from '../assertions.ts';
import { SYMBOL } from './sample-market.ts';

/** Asserts that nothing of the sample symbol is stored. */
export async function assertEmpty(realtime: IRealtimeCache, what: string): Promise<void> {
  assertEqual(await realtime.tickers.get(SYMBOL), undefined, `${what}: no ticker`);
  assertEqual(await realtime.orderBooks.get(SYMBOL), undefined, `${what}: no order book`);
  assertEqual(await realtime.trades.recent(SYMBOL), [], `${what}: no trades`);
  const { tickers, orderBooks, trades } = await realtime.stats();
  assertEqual({ tickers, orderBooks, trades }, { tickers: 0, orderBooks: 0, trades: 0 }, what);
}

/** Asserts which trades a read answers. */
export async function assertRecent(
  realtime: IRealtimeCache,
  expected: readonly Trade[],
  what: string,
  options?: TradeReadOptions,
  symbol: string = SYMBOL,
): Promise<void> {
  const actual = await realtime.trades.recent(symbol, options);
  assertEqual(actual.map(idOf), expected.map(idOf), `${what}: ids`);
  assertEqual(actual, expected, what);
}

function idOf({ id }: Trade): string {
  return id;
}
