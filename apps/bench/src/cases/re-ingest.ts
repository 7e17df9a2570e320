import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CandleSeries } from '@barkeep/core';
import type { BenchCase, Contender, Trial } from '../bench-case.ts';
import { digestCandles } from '../candles/candle-digest.ts';
import { replaceable } from '../candles/candle-matches.ts';
import type { CandlePeer } from '../candles/candle-peer.ts';
import type { FilledStores } from '../candles/filled-stores.ts';
import { FileBlocks } from '../file-blocks.ts';
import { formatCount } from '../report/format.ts';
import { timed } from '../stopwatch.ts';

/** The same history fetched again: nothing is new, so nothing should be written. */
export const reIngestCase: BenchCase = {
  name: 're-ingest',
  about: 'write all candles again, unchanged, and see what changes on disk',
  plan: ({ series, filled }) => ({
    title: `write ${formatCount(series.length)} candles again, unchanged, ${replaceable.title}`,
    metrics: [
      {
        name: 'write',
        title: 'write',
        unit: 'ms',
        work: { amount: series.length, unit: 'candles' },
      },
      { name: 'changed', title: 'changed on disk', unit: 'bytes' },
    ],
    contenders: replaceable.peers.map((peer) => contender(peer, filled, series)),
    expected: describe(0, digestCandles(series)),
    warmUp: false,
    goals: [
      {
        id: '',
        title: 'bytes changed on disk when identical candles come again',
        metric: 'changed',
        limit: { atMost: 0 },
      },
    ],
  }),
};

function contender(peer: CandlePeer, filled: FilledStores, series: CandleSeries): Contender {
  return {
    name: peer.name,
    description: peer.description,
    libraries: peer.libraries,
    prepare: async (directory): Promise<Trial> => ({
      sample: async () => {
        const copy = join(directory, 'copy');
        await filled.copy(peer, copy);
        const store = await peer.open(copy);
        try {
          await store.readLatest(series.key, 1);
          const before = await FileBlocks.of(copy);
          const { ms, result: count = 0 } = await timed(() => store.overwrite([series]));
          const after = await FileBlocks.of(copy);
          const stored = await store.readAll(series.key);
          return {
            readings: { write: ms, changed: after.bytesUnlike(before) },
            answer: describe(count, digestCandles(stored)),
          };
        } finally {
          await store.close();
          await rm(copy, { recursive: true, force: true });
        }
      },
      close: async () => {},
    }),
  };
}

function describe(changed: number, digest: string): string {
  return `${changed} changed, ${digest}`;
}
