import type { OrderBook, Ticker, Trade } from '@barkeep/core';
import { MemoryRealtime } from '@barkeep/realtime-memory';
import type { BenchCase, Contender, Trial } from '../bench-case.ts';
import { collectGarbage } from '../collect-garbage.ts';
import { inventDesk } from '../realtime/invented-desk.ts';
import { formatCount } from '../report/format.ts';

/** So many operations stand for one symbol: by default a thousand symbols. */
const OPERATIONS_PER_SYMBOL = 100;
const LEVELS = 30;
const TRADES = 1_000;
/** Longer than any run takes: what is measured is memory, not expiry. */
const DAY_MS = 86_400_000;

/** Keeps all of one symbol, in whatever form it likes. */
interface Desks {
  put(ticker: Ticker, book: OrderBook, trades: readonly Trade[]): Promise<void>;
  countTrades(symbol: string): Promise<number>;
  close(): Promise<void>;
}

/** What a symbol's realtime data takes in memory. */
export const realtimeMemoryCase: BenchCase = {
  name: 'realtime-memory',
  about: 'memory that tickers, order books and trades of many symbols take',
  plan: ({ operations }) => {
    const symbols = Math.max(1, Math.round(operations / OPERATIONS_PER_SYMBOL));
    return {
      title: `${formatCount(symbols)} symbols, each with a ticker, ${LEVELS} levels a side and ${formatCount(TRADES)} trades`,
      metrics: [{ name: 'memory', title: 'memory', unit: 'bytes' }],
      contenders: [
        contender('Barkeep, realtime', '@barkeep/realtime-memory', symbols, openBarkeep),
        contender(PLAIN, 'a Map of the very objects that arrived', symbols, openPlain),
      ],
      expected: describe(symbols * TRADES),
      warmUp: false,
      goals: [
        {
          id: 'F4',
          title: 'memory, against plain objects',
          metric: 'memory',
          limit: { times: 1, contender: PLAIN },
        },
      ],
    };
  },
};

const PLAIN = 'plain objects';

function contender(
  name: string,
  description: string,
  symbols: number,
  open: (symbols: number) => Promise<Desks>,
): Contender {
  return {
    name,
    description,
    libraries: name === PLAIN ? [] : ['@barkeep/realtime-memory'],
    prepare: async (): Promise<Trial> => ({
      sample: async () => {
        const desks = await open(symbols);
        try {
          const before = usedMemory();
          for (let i = 0; i < symbols; i += 1) {
            const { ticker, book, trades } = inventDesk(i, LEVELS, TRADES);
            await desks.put(ticker, book, trades);
          }
          const memory = usedMemory() - before;
          let trades = 0;
          for (let i = 0; i < symbols; i += 1) {
            trades += await desks.countTrades(inventDesk(i, 0, 0).ticker.symbol);
          }
          return { readings: { memory }, answer: describe(trades) };
        } finally {
          await desks.close();
        }
      },
      close: async () => {},
    }),
  };
}

async function openBarkeep(symbols: number): Promise<Desks> {
  const cache = new MemoryRealtime({
    maxSymbols: symbols,
    maxTradesPerSymbol: TRADES,
    maxBytes: Number.MAX_SAFE_INTEGER,
    expiry: { tickerMs: DAY_MS, orderBookMs: DAY_MS, tradesMs: DAY_MS },
  });
  await cache.open();
  return {
    put: async (ticker, book, trades) => {
      await cache.tickers.set(ticker);
      await cache.orderBooks.set(book);
      await cache.trades.append(ticker.symbol, trades);
    },
    countTrades: async (symbol) => (await cache.trades.recent(symbol)).length,
    close: () => cache.close(),
  };
}

async function openPlain(): Promise<Desks> {
  const desks = new Map<string, { ticker: Ticker; book: OrderBook; trades: readonly Trade[] }>();
  return {
    put: async (ticker, book, trades) => {
      desks.set(ticker.symbol, { ticker, book, trades });
    },
    countTrades: async (symbol) => desks.get(symbol)?.trades.length ?? 0,
    close: async () => desks.clear(),
  };
}

/** Memory in and outside the heap of what is still in use. */
function usedMemory(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function describe(trades: number): string {
  return `${trades} trades`;
}
