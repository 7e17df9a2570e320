import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CandleSeries } from '@barkeep/core';
import type { BenchCase, Contender, Trial } from '../bench-case.ts';
import { digestCandles } from '../candles/candle-digest.ts';
import { replaceable } from '../candles/candle-matches.ts';
import type { CandlePeer } from '../candles/candle-peer.ts';
import type { FilledStores } from '../candles/filled-stores.ts';
import { formatCount } from '../report/format.ts';
import { timed } from '../stopwatch.ts';

/** One candle in so many comes late. */
const LATE_EACH = 100;
const BLOCK = 10_000;

/** Corrections all over the history, in one call. */
export const overwriteScatteredCase: BenchCase = overwriteCase(
  'overwrite-scattered',
  'one candle in a hundred, all over the history',
  (series) => corrected(series, (i) => i % LATE_EACH === LATE_EACH >> 1),
);

/** A stretch fetched again and found different, in one call. */
export const overwriteBlockCase: BenchCase = overwriteCase(
  'overwrite-block',
  '10,000 candles in the middle of the history',
  (series) => {
    const start = Math.max(0, (series.length - BLOCK) >> 1);
    return corrected(series, (i) => i >= start && i < start + BLOCK);
  },
);

function overwriteCase(
  name: string,
  what: string,
  news: (series: CandleSeries) => CandleSeries,
): BenchCase {
  return {
    name,
    about: `write over ${what}, on disk`,
    plan: ({ series, filled }) => {
      const late = news(series);
      return {
        title: `write ${formatCount(late.length)} changed candles over those of ${formatCount(series.length)} ${replaceable.title}: ${what}`,
        metrics: [
          {
            name: 'write',
            title: 'write',
            unit: 'ms',
            work: { amount: late.length, unit: 'candles' },
          },
        ],
        contenders: replaceable.peers.map((peer) => contender(peer, filled, late)),
        expected: describe(late.length, digestCandles(CandleSeries.merge(series, late))),
        warmUp: false,
      };
    },
  };
}

function contender(peer: CandlePeer, filled: FilledStores, late: CandleSeries): Contender {
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
          const { ms, result: changed = late.length } = await timed(() => store.overwrite([late]));
          const stored = await store.readAll(late.key);
          return { readings: { write: ms }, answer: describe(changed, digestCandles(stored)) };
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

/** The chosen candles with twice the volume. */
function corrected(series: CandleSeries, isChosen: (index: number) => boolean): CandleSeries {
  const chosen = series.toArray().filter((_, index) => isChosen(index));
  return CandleSeries.from(
    series.key,
    chosen.map((candle) => ({ ...candle, volume: 2 * candle.volume })),
  );
}
