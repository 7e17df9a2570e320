import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CandleSeries } from '@barkeep/core';
import type { BenchCase, Contender, Trial } from '../bench-case.ts';
import { betterSqlite3 } from '../candles/better-sqlite3.ts';
import { digestCandles } from '../candles/candle-digest.ts';
import { type CandleMatch, onDisk } from '../candles/candle-matches.ts';
import type { CandlePeer } from '../candles/candle-peer.ts';
import { duckdb, duckdbWithoutKey } from '../candles/duckdb.ts';
import { formatCount } from '../report/format.ts';
import { timed } from '../stopwatch.ts';
import { fasterThan } from './faster-than.ts';

const GOALS = [
  fasterThan(betterSqlite3, 10, 'all candles written', 'write'),
  fasterThan(duckdb, 4, 'all candles written', 'write'),
  fasterThan(duckdbWithoutKey, 4, 'all candles written', 'write'),
];

/** All candles into an empty store, in one transaction. Opening and closing are not measured. */
export function writeCase(match: CandleMatch): BenchCase {
  return {
    name: `write${match.suffix}`,
    about: `write all candles in one call, ${match.title}`,
    plan: ({ series }) => ({
      title: `write ${formatCount(series.length)} candles ${match.title}, one call`,
      metrics: [
        {
          name: 'write',
          title: 'write',
          unit: 'ms',
          work: { amount: series.length, unit: 'candles' },
        },
      ],
      contenders: match.peers.map((peer) => writer(peer, series)),
      expected: digestCandles(series),
      warmUp: false,
      goals: match === onDisk ? GOALS : [],
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
          const { ms } = await timed(() => store.write([series]));
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
