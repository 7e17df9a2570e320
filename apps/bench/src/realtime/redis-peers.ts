import type { OrderBook, Ticker } from '@barkeep/core';
import { DEFAULT_REALTIME_EXPIRY } from '@barkeep/realtime';
import { RedisRealtime } from '@barkeep/realtime-redis';
import { Redis } from 'ioredis';

/** A way to keep the latest values in a Redis server. */
export interface RedisPeer {
  readonly name: string;
  readonly description: string;
  readonly libraries: readonly string[];
  connect(url: string): Promise<RedisStore>;
}

export interface RedisStore {
  /** So many at a time as are given. */
  setTickers(tickers: readonly Ticker[]): Promise<void>;
  setOrderBooks(books: readonly OrderBook[]): Promise<void>;
  getTicker(symbol: string): Promise<Ticker | undefined>;
  clear(): Promise<void>;
  close(): Promise<void>;
}

export const barkeepRedis: RedisPeer = {
  name: 'Barkeep, Redis',
  description:
    '@barkeep/realtime-redis, default options: checks, keeps the newer one, takes effect once, tells',
  libraries: ['@barkeep/realtime-redis', 'ioredis'],
  connect: async (url) => {
    const realtime = new RedisRealtime({ url });
    await realtime.open();
    return {
      setTickers: async (tickers) => {
        await Promise.all(tickers.map((ticker) => realtime.tickers.set(ticker)));
      },
      setOrderBooks: async (books) => {
        await Promise.all(books.map((book) => realtime.orderBooks.set(book)));
      },
      getTicker: (symbol) => realtime.tickers.get(symbol),
      clear: () => realtime.clear(),
      close: () => realtime.close(),
    };
  },
};

export const ioredisPipelined: RedisPeer = {
  name: 'ioredis, pipelined',
  description: 'one pipeline of SET key JSON PX for all that come together, GET and JSON.parse',
  libraries: ['ioredis'],
  connect: async (url) => {
    const redis = new Redis(url, { lazyConnect: true });
    await redis.connect();
    const setAll = async (
      kind: string,
      values: readonly (Ticker | OrderBook)[],
      lifeMs: number,
    ): Promise<void> => {
      const pipeline = redis.pipeline();
      for (const value of values) {
        pipeline.set(`${kind}:${value.symbol}`, JSON.stringify(value), 'PX', lifeMs);
      }
      await pipeline.exec();
    };
    return {
      setTickers: (tickers) => setAll('ticker', tickers, DEFAULT_REALTIME_EXPIRY.tickerMs),
      setOrderBooks: (books) => setAll('book', books, DEFAULT_REALTIME_EXPIRY.orderBookMs),
      getTicker: async (symbol) => {
        const stored = await redis.get(`ticker:${symbol}`);
        return stored === null ? undefined : (JSON.parse(stored) as Ticker);
      },
      clear: async () => void (await redis.flushall()),
      close: async () => redis.disconnect(),
    };
  },
};

/** Keeps in memory what was read. */
export async function openNearCache(url: string): Promise<RedisRealtime> {
  const realtime = new RedisRealtime({ url, nearCache: true });
  await realtime.open();
  return realtime;
}
