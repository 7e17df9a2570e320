import type { OrderBook, Ticker, Trade } from '@barkeep/core';
import { DEFAULT_REALTIME_EXPIRY, type IRealtimeCache } from '@barkeep/realtime';
import { assertEqual } from '../assertions.ts';
import { SYMBOL, sampleBook, sampleTicker, sampleTrade } from './sample-market.ts';

/** What a cache keeps of a symbol. */
export interface RealtimeState {
  readonly tickers: readonly Ticker[];
  readonly orderBooks: readonly OrderBook[];
  readonly trades: readonly Trade[];
}

/** One kind of what a cache keeps, by the name of its property. */
export interface RealtimePart {
  readonly name: keyof RealtimeState;
  readonly lifeMs: number;
  sample(at: number, symbol?: string): Ticker | OrderBook | Trade;
  /** Stores the sample of an instant. */
  write(realtime: IRealtimeCache, at: number, symbol?: string): Promise<unknown>;
}

export const PARTS: readonly RealtimePart[] = [
  {
    name: 'tickers',
    lifeMs: DEFAULT_REALTIME_EXPIRY.tickerMs,
    sample: sampleTicker,
    write: ({ tickers }, at, symbol) => tickers.set(sampleTicker(at, symbol)),
  },
  {
    name: 'orderBooks',
    lifeMs: DEFAULT_REALTIME_EXPIRY.orderBookMs,
    sample: sampleBook,
    write: ({ orderBooks }, at, symbol) => orderBooks.set(sampleBook(at, symbol)),
  },
  {
    name: 'trades',
    lifeMs: DEFAULT_REALTIME_EXPIRY.tradesMs,
    sample: (at) => sampleTrade(at),
    write: ({ trades }, at, symbol = SYMBOL) => trades.append(symbol, [sampleTrade(at)]),
  },
];

/** Lists with a ticker or a book, or without. */
export async function stateOf(
  { tickers, orderBooks, trades }: IRealtimeCache,
  symbol: string = SYMBOL,
): Promise<RealtimeState> {
  const ticker = await tickers.get(symbol);
  const book = await orderBooks.get(symbol);
  return {
    tickers: ticker === undefined ? [] : [ticker],
    orderBooks: book === undefined ? [] : [book],
    trades: await trades.recent(symbol),
  };
}

/** Asserts that nothing is stored. */
export async function assertEmpty(realtime: IRealtimeCache, what: string): Promise<void> {
  const nothing = { tickers: [], orderBooks: [], trades: [] };
  assertEqual(await stateOf(realtime), nothing, `${what}: what is stored`);
  const { tickers, orderBooks, trades } = await realtime.stats();
  assertEqual({ tickers, orderBooks, trades }, { tickers: 0, orderBooks: 0, trades: 0 }, what);
}

/** What subscribers hear of what was stored of the sample symbol. */
export function eventsOf({
  tickers = [],
  orderBooks = [],
  trades = [],
}: Partial<RealtimeState>): object[] {
  return [
    ...tickers.map((ticker) => ({ type: 'ticker', ticker })),
    ...orderBooks.map((book) => ({ type: 'orderBook', book })),
    ...(trades.length === 0 ? [] : [{ type: 'trades', symbol: SYMBOL, trades }]),
  ];
}
