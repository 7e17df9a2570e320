import type { CandleSeries } from '@barkeep/core';
import type { BenchCase, Contender, Trial } from '../bench-case.ts';
import type { CachePeer } from '../cache/cache-peer.ts';
import { CACHE_PEERS } from '../cache/cache-peers.ts';
import { formatCount } from '../report/format.ts';
import { timed } from '../stopwatch.ts';

const KEYS = 1_000;
const PAGE = 1_000;

/** The time of one write and of one read of a page of candles, over as many as the workload says. */
export const cacheCase: BenchCase = {
  name: 'cache',
  about: 'write and read pages of candles by key, in memory',
  plan: ({ series, operations }) => {
    const page = series.slice(0, PAGE).copy();
    const keys = Array.from({ length: operations }, (_, i) => `page:${(i * 7) % KEYS}`);
    return {
      title: `one page of ${formatCount(page.length)} candles in a cache (mean of ${formatCount(operations)})`,
      metrics: [
        { name: 'write', title: 'write', unit: 'ms', work: { amount: 1, unit: 'writes' } },
        { name: 'read', title: 'read', unit: 'ms', work: { amount: 1, unit: 'reads' } },
      ],
      contenders: CACHE_PEERS.map((peer) => contender(peer, keys, page)),
      expected: describeHits(operations),
      warmUp: true,
    };
  },
};

function contender(peer: CachePeer, keys: readonly string[], page: CandleSeries): Contender {
  return {
    name: peer.name,
    description: peer.description,
    libraries: peer.libraries,
    prepare: async (): Promise<Trial> => ({
      sample: async () => {
        const cache = await peer.open();
        try {
          const { ms: write } = await timed(() => cache.setEach(keys, page));
          const { ms: read, result: hits } = await timed(() => cache.countHits(keys));
          return {
            readings: { write: write / keys.length, read: read / keys.length },
            answer: describeHits(hits),
          };
        } finally {
          await cache.close();
        }
      },
      close: async () => {},
    }),
  };
}

function describeHits(hits: number): string {
  return `${hits} hits`;
}
