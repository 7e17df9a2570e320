import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CandleSeries } from '@barkeep/core';
import type { BenchCase, Contender, Goal, Trial } from '../bench-case.ts';
import { digestCandles } from '../candles/candle-digest.ts';
import { onDisk } from '../candles/candle-matches.ts';
import type { CandlePeer } from '../candles/candle-peer.ts';
import { withStore } from '../candles/with-store.ts';
import { bytesOfFiles } from '../file-blocks.ts';
import { formatCount } from '../report/format.ts';

const MOST_BYTES = 9;

/** What a candle takes on disk, in closed files. */
export const sizeCase: BenchCase = {
  name: 'size',
  about: 'bytes on disk of a candle, after a bulk load and after compaction',
  plan: ({ series }) => ({
    title: `size of a candle ${onDisk.title}, of ${formatCount(series.length)}`,
    metrics: [
      { name: 'loaded', title: 'after one call', unit: 'bytes' },
      { name: 'compacted', title: 'compacted', unit: 'bytes' },
      { name: 'net', title: 'compacted, less an empty store', unit: 'bytes' },
    ],
    contenders: onDisk.peers.map((peer) => contender(peer, series)),
    expected: digestCandles(series),
    warmUp: false,
    goals: [
      smallEnough('after a bulk load', 'loaded'),
      smallEnough('after compaction', 'compacted'),
      smallEnough('after compaction, less an empty store', 'net'),
    ],
  }),
};

function contender(peer: CandlePeer, series: CandleSeries): Contender {
  return {
    name: peer.name,
    description: peer.description,
    libraries: peer.libraries,
    prepare: async (directory): Promise<Trial> => ({
      sample: async () => {
        const fresh = join(directory, 'fresh');
        await mkdir(fresh);
        try {
          await withStore(peer, fresh, async () => {});
          const empty = await bytesOfFiles(fresh);
          await withStore(peer, fresh, (store) => store.write([series]));
          const loaded = await bytesOfFiles(fresh);
          await withStore(peer, fresh, (store) => store.compact());
          const compacted = await bytesOfFiles(fresh);
          const stored = await withStore(peer, fresh, (store) => store.readAll(series.key));
          return {
            readings: {
              loaded: loaded / series.length,
              compacted: compacted / series.length,
              net: (compacted - empty) / series.length,
            },
            answer: digestCandles(stored),
          };
        } finally {
          await rm(fresh, { recursive: true, force: true });
        }
      },
      close: async () => {},
    }),
  };
}

function smallEnough(when: string, metric: string): Goal {
  return {
    id: '',
    title: `size of a candle ${when}`,
    metric,
    limit: { atMost: MOST_BYTES },
  };
}
