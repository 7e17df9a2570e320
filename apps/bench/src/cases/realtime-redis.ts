import type { Ticker } from '@barkeep/core';
import type { BenchCase, Contender, Trial } from '../bench-case.ts';
import { feedSymbol, inventOrderBooks, inventTickers } from '../realtime/invented-feed.ts';
import {
  barkeepRedis,
  ioredisPipelined,
  type RedisPeer,
  type RedisStore,
} from '../realtime/redis-peers.ts';
import { missingRedisServer, startRedisServer } from '../realtime/redis-server.ts';
import { formatCount } from '../report/format.ts';
import { timed } from '../stopwatch.ts';

/** Updates that come together, as a busy exchange sends them. */
const AT_A_TIME = 1_000;
/** A book, and a read that is awaited, are many times the work of a ticker. */
const BOOKS_PER_TICKER = 1 / 10;
const READS_PER_TICKER = 1 / 20;

/** What updates and reads cost that go to a Redis server, against the bare client. */
export const realtimeRedisCase: BenchCase = {
  name: 'realtime-redis',
  about: 'write tickers and order books to a Redis server, and read them',
  missing: missingRedisServer,
  plan: ({ operations }) => {
    const tickers = inventTickers(operations);
    const books = inventOrderBooks(Math.ceil(operations * BOOKS_PER_TICKER));
    const reads = Math.ceil(operations * READS_PER_TICKER);
    const update = (name: string, title: string) => ({
      name,
      title,
      unit: 'ms' as const,
      work: { amount: 1, unit: 'updates' },
    });
    const rival = { contender: ioredisPipelined.name };
    return {
      title: `one update in a Redis server, of ${formatCount(AT_A_TIME)} at a time, and p99 of ${formatCount(reads)} reads`,
      metrics: [
        update('ticker', 'write a ticker'),
        update('book', 'write a book'),
        { name: 'read', title: 'read, p99', unit: 'ms' },
      ],
      contenders: [barkeepRedis, ioredisPipelined].map((peer) =>
        contender(peer, async (store) => {
          const ticker = await eachInTurn(tickers, (some) => store.setTickers(some));
          const book = await eachInTurn(books, (some) => store.setOrderBooks(some));
          const read = await slowestOfReads(reads, (symbol) => store.getTicker(symbol));
          return { ticker, book, read };
        }),
      ),
      expected: describeLatest(latestOf(tickers)),
      warmUp: true,
      goals: [
        ...['ticker', 'book'].map((metric) => ({
          id: '',
          title: `${metric} updates a second, ≥ 90 % of ${ioredisPipelined.name}`,
          metric,
          limit: { times: 1 / 0.9, ...rival },
        })),
        {
          id: '',
          title: `p99 of a read, against ${ioredisPipelined.name}`,
          metric: 'read',
          limit: { times: 1.5, ...rival },
        },
      ],
    };
  },
};

function contender(
  peer: RedisPeer,
  measure: (store: RedisStore) => Promise<Readonly<Record<string, number>>>,
): Contender {
  return {
    name: peer.name,
    description: peer.description,
    libraries: peer.libraries,
    prepare: async (directory): Promise<Trial> => {
      const server = await startRedisServer(directory);
      const store = await peer.connect(server.url);
      return {
        sample: async () => {
          await store.clear();
          const readings = await measure(store);
          return { readings, answer: describeLatest(await readAll(store)) };
        },
        close: async () => {
          await store.close();
          await server.stop();
        },
      };
    },
  };
}

/** The mean time of one of them. */
async function eachInTurn<T>(
  values: readonly T[],
  set: (some: readonly T[]) => Promise<void>,
): Promise<number> {
  const { ms } = await timed(async () => {
    for (let i = 0; i < values.length; i += AT_A_TIME) await set(values.slice(i, i + AT_A_TIME));
  });
  return ms / values.length;
}

/** The time that ninety-nine of a hundred reads stay below. */
async function slowestOfReads(
  reads: number,
  get: (symbol: string) => Promise<Ticker | undefined>,
): Promise<number> {
  const times = new Float64Array(reads);
  for (let i = 0; i < reads; i += 1) {
    const start = performance.now();
    await get(feedSymbol(i));
    times[i] = performance.now() - start;
  }
  return times.sort()[Math.ceil(reads * 0.99) - 1] ?? Number.NaN;
}

function latestOf(tickers: readonly Ticker[]): ReadonlyMap<string, Ticker> {
  return new Map(tickers.map((ticker) => [ticker.symbol, ticker]));
}

async function readAll(store: RedisStore): Promise<ReadonlyMap<string, Ticker>> {
  const found = new Map<string, Ticker>();
  for (let i = 0; ; i += 1) {
    const symbol = feedSymbol(i);
    const ticker = found.has(symbol) ? undefined : await store.getTicker(symbol);
    if (ticker === undefined) return found;
    found.set(symbol, ticker);
  }
}

function describeLatest(latest: ReadonlyMap<string, Ticker>): string {
  const sum = [...latest.values()].reduce((total, { price = 0 }) => total + price, 0);
  return `${latest.size} tickers whose prices add up to ${sum}`;
}
