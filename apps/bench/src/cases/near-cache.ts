import type { BenchCase, Contender, Trial } from '../bench-case.ts';
import { feedSymbol, inventTickers } from '../realtime/invented-feed.ts';
import { lruCache, lruCacheAwaited } from '../realtime/lru-cache.ts';
import type { RealtimePeer } from '../realtime/realtime-peer.ts';
import { openNearCache } from '../realtime/redis-peers.ts';
import { missingRedisServer, startRedisServer } from '../realtime/redis-server.ts';
import { formatCount } from '../report/format.ts';
import { timed } from '../stopwatch.ts';

/** Enough that every market of the feed has one. */
const TICKERS = 1_000;

/** What a ticker costs that was read from Redis before. */
export const nearCacheCase: BenchCase = {
  name: 'near-cache',
  about: 'read tickers from the memory in front of a Redis server',
  missing: missingRedisServer,
  plan: ({ operations }) => {
    const tickers = inventTickers(TICKERS);
    const symbols = Array.from({ length: operations }, (_, i) => feedSymbol(i));
    const prices = new Map(tickers.map(({ symbol, price }) => [symbol, price]));
    const sum = symbols.reduce((total, symbol) => total + (prices.get(symbol) ?? Number.NaN), 0);
    const rivals: readonly (readonly [RealtimePeer, number])[] = [
      [lruCache, 3],
      [lruCacheAwaited, 1.5],
    ];
    return {
      title: `one ticker from memory in front of Redis (mean of ${formatCount(operations)})`,
      metrics: [{ name: 'read', title: 'read', unit: 'ms', work: { amount: 1, unit: 'reads' } }],
      contenders: [
        nearCache(tickers, symbols),
        ...rivals.map(([peer]) => inMemory(peer, tickers, symbols)),
      ],
      expected: describeSum(sum),
      warmUp: true,
      goals: rivals.map(([peer, times]) => ({
        id: '',
        title: `read, against ${peer.name}`,
        metric: 'read',
        limit: { times, contender: peer.name },
      })),
    };
  },
};

function nearCache(
  tickers: ReturnType<typeof inventTickers>,
  symbols: readonly string[],
): Contender {
  return {
    name: 'Barkeep, near-cache',
    description: '@barkeep/realtime-redis with nearCache: each call is awaited',
    libraries: ['@barkeep/realtime-redis'],
    prepare: async (directory): Promise<Trial> => {
      const server = await startRedisServer(directory);
      const realtime = await openNearCache(server.url);
      for (const ticker of tickers) await realtime.tickers.set(ticker);
      for (const { symbol } of tickers) await realtime.tickers.get(symbol);
      return {
        sample: () =>
          sampleOf(symbols.length, async () => {
            let sum = 0;
            for (const symbol of symbols) {
              sum += (await realtime.tickers.get(symbol))?.price ?? Number.NaN;
            }
            return sum;
          }),
        close: async () => {
          await realtime.close();
          await server.stop();
        },
      };
    },
  };
}

function inMemory(
  peer: RealtimePeer,
  tickers: ReturnType<typeof inventTickers>,
  symbols: readonly string[],
): Contender {
  const { name, description, libraries } = peer;
  return {
    name,
    description,
    libraries,
    prepare: async (): Promise<Trial> => {
      const store = await peer.open();
      await store.tickers.setEach(tickers);
      return {
        sample: () =>
          sampleOf(symbols.length, async () => {
            let sum = 0;
            await store.tickers.getEach(symbols, (ticker) => {
              sum += ticker?.price ?? Number.NaN;
            });
            return sum;
          }),
        close: () => store.close(),
      };
    },
  };
}

async function sampleOf(reads: number, read: () => Promise<number>): ReturnType<Trial['sample']> {
  const { ms, result } = await timed(read);
  return { readings: { read: ms / reads }, answer: describeSum(result) };
}

function describeSum(sum: number): string {
  return `prices that add up to ${sum}`;
}
