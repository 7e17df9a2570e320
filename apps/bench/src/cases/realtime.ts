import type { OrderBook, Ticker } from '@barkeep/core';
import type { BenchCase, Contender, Goal, Trial } from '../bench-case.ts';
import { feedSymbol, inventOrderBooks, inventTickers } from '../realtime/invented-feed.ts';
import { lruCache, lruCacheAwaited } from '../realtime/lru-cache.ts';
import type { LatestValues, RealtimePeer, RealtimeStore } from '../realtime/realtime-peer.ts';
import { REALTIME_PEERS } from '../realtime/realtime-peers.ts';
import { formatCount } from '../report/format.ts';
import { timed } from '../stopwatch.ts';

/** One kind of realtime value: how it is made, where it is kept, what is looked at. */
interface Kind<T> {
  readonly name: string;
  readonly singular: string;
  readonly invent: (count: number) => T[];
  readonly of: (store: RealtimeStore) => LatestValues<T>;
  readonly price: (value: T) => number | undefined;
}

export const tickersCase: BenchCase = realtimeCase<Ticker>({
  name: 'tickers',
  singular: 'ticker',
  invent: inventTickers,
  of: (store) => store.tickers,
  price: (ticker) => ticker.price,
});

export const orderBooksCase: BenchCase = realtimeCase<OrderBook>({
  name: 'order-books',
  singular: 'order book',
  invent: inventOrderBooks,
  of: (store) => store.orderBooks,
  price: (book) => book.bids[0]?.price,
});

/** The time of one write and of one read, over as many as the workload says. */
function realtimeCase<T extends Ticker | OrderBook>(kind: Kind<T>): BenchCase {
  return {
    name: kind.name,
    about: `write and read ${kind.singular}s by symbol, in memory`,
    plan: ({ operations }) => {
      const values = kind.invent(operations);
      const symbols = values.map((_, i) => feedSymbol(operations - 1 - i));
      return {
        title: `one ${kind.singular} in memory (mean of ${formatCount(operations)})`,
        metrics: [
          { name: 'write', title: 'write', unit: 'ms', work: { amount: 1, unit: 'writes' } },
          { name: 'read', title: 'read', unit: 'ms', work: { amount: 1, unit: 'reads' } },
        ],
        contenders: REALTIME_PEERS.map((peer) => contender(peer, kind, values, symbols)),
        expected: describeSum(sumOfLatest(kind, values, symbols)),
        warmUp: true,
        goals: goalsFor(kind.singular),
      };
    },
  };
}

function contender<T extends Ticker | OrderBook>(
  peer: RealtimePeer,
  kind: Kind<T>,
  values: readonly T[],
  symbols: readonly string[],
): Contender {
  return {
    name: peer.name,
    description: peer.description,
    libraries: peer.libraries,
    prepare: async (): Promise<Trial> => ({
      sample: async () => {
        const store = await peer.open();
        try {
          const latest = kind.of(store);
          const { ms: write } = await timed(() => latest.setEach(values));
          let sum = 0;
          const { ms: read } = await timed(() =>
            latest.getEach(symbols, (value) => {
              sum += value === undefined ? Number.NaN : (kind.price(value) ?? Number.NaN);
            }),
          );
          return {
            readings: { write: write / values.length, read: read / symbols.length },
            answer: describeSum(sum),
          };
        } finally {
          await store.close();
        }
      },
      close: async () => {},
    }),
  };
}

function sumOfLatest<T extends Ticker | OrderBook>(
  kind: Kind<T>,
  values: readonly T[],
  symbols: readonly string[],
): number {
  const latest = new Map(values.map((value) => [value.symbol, kind.price(value) ?? Number.NaN]));
  return symbols.reduce((sum, symbol) => sum + (latest.get(symbol) ?? Number.NaN), 0);
}

function describeSum(sum: number): string {
  return `prices that add up to ${sum}`;
}

function goalsFor(singular: string): Goal[] {
  return [
    { id: 'F2', title: `${singular} written`, metric: 'write', limit: { atMost: 10 } },
    { id: 'F2', title: `${singular} read`, metric: 'read', limit: { atMost: 10 } },
    {
      id: '',
      title: `${singular} read, against lru-cache`,
      metric: 'read',
      limit: { times: 3, contender: lruCache.name },
    },
    {
      id: '',
      title: `${singular} read, against lru-cache awaited as well`,
      metric: 'read',
      limit: { times: 1.5, contender: lruCacheAwaited.name },
    },
  ];
}
