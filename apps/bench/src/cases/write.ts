import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CandleSeries } from '@barkeep/core';
import type { BenchCase, Contender, Trial } from '../bench-case.ts';
import { digestCandles } from '../candles/candle-digest.ts';
import type { CandleMatch } from '../candles/candle-matches.ts';
import type { CandlePeer } from '../candles/candle-peer.ts';
import { formatCount } from '../report/format.ts';
import { timed } from '../stopwatch.ts';

/** All candles into an empty store, in one transaction. Opening and closing are not measured. */
export function writeCase(match: CandleMatch): BenchCase {
  return {
    name: `write${match.suffix}`,
    about: `write all candles in one call, ${match.title}`,
    plan: ({ series }) => ({
      title: `write ${formatCount(series.length)} candles ${match.title}, one call`,
      metrics: [
        { name: 'write', title: 'write', work: { amount: series.length, unit: 'candles' } },
      ],
      contenders: match.peers.map((peer) => writer(peer, series)),
      expected: digestCandles(series),
      warmUp: false,
    }),
  };
}

/** A contender that writes candles into a fresh store, and then reads them back to prove it. */
export function writer(peer: CandlePeer, series: CandleSeries): Contender {
  return {
    name: peer.name,
    description: peer.description,
    libraries: peer.libraries,
    prepare: async (directory): Promise<Trial> => ({
      sample: async () => {
        const fresh = join(directory, 'fresh');
        await mkdir(fresh);
        const store = await peer.open(fresh);
        try {
          const { ms } = await timed(() => store.write(series));
          const answer = digestCandles(await store.readAll(series.key));
          return { readings: { write: ms }, answer };
        } finally {
          await store.close();
          await rm(fresh, { recursive: true, force: true });
        }
      },
      close: async () => {},
    }),
  };
}
