import type { CandleSeries } from '@barkeep/core';
import type { BenchCase, Contender, Trial } from '../bench-case.ts';
import { digestCandles } from '../candles/candle-digest.ts';
import { onDisk } from '../candles/candle-matches.ts';
import type { CandlePeer } from '../candles/candle-peer.ts';
import type { FilledStores } from '../candles/filled-stores.ts';
import { formatCount } from '../report/format.ts';
import { timed } from '../stopwatch.ts';

const LATEST = 1_000;

/** The first query after a start: nothing cached but what the operating system has of the file. */
export const latestColdCase: BenchCase = {
  name: 'latest-cold',
  about: 'open a fresh handle and read the latest 1,000 candles, on disk',
  plan: ({ series, filled }) => {
    const latest = series.slice(-LATEST);
    return {
      title: `latest ${formatCount(latest.length)} of ${formatCount(series.length)} candles ${onDisk.title}, fresh handle`,
      metrics: [
        { name: 'open', title: 'open' },
        { name: 'read', title: 'first read' },
      ],
      contenders: onDisk.peers.map((peer) => coldReader(peer, filled, series)),
      expected: digestCandles(latest),
      warmUp: false,
      goals: [
        {
          id: 'F1',
          title: `latest ${formatCount(latest.length)} candles, first read of a fresh handle`,
          metric: 'read',
          limit: { ms: 100 },
        },
      ],
    };
  },
};

function coldReader(peer: CandlePeer, filled: FilledStores, series: CandleSeries): Contender {
  return {
    name: peer.name,
    description: peer.description,
    libraries: peer.libraries,
    prepare: async (): Promise<Trial> => {
      await filled.directoryOf(peer);
      return {
        sample: async () => {
          const { ms: open, result: store } = await timed(() => filled.open(peer));
          try {
            const { ms: read, result } = await timed(() => store.readLatest(series.key, LATEST));
            return { readings: { open, read }, answer: digestCandles(result) };
          } finally {
            await store.close();
          }
        },
        close: async () => {},
      };
    },
  };
}
