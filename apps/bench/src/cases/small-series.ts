import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CandleSeries } from '@barkeep/core';
import type { BenchCase, Contender, Trial } from '../bench-case.ts';
import { digestCandles } from '../candles/candle-digest.ts';
import { onDisk } from '../candles/candle-matches.ts';
import type { CandlePeer, CandleRows, CandleStore } from '../candles/candle-peer.ts';
import { withStore } from '../candles/with-store.ts';
import { formatCount } from '../report/format.ts';
import { timed } from '../stopwatch.ts';

const CANDLES_PER_SERIES = 100;
/** How many of the series are read one by one. */
const READ_ONE_BY_ONE = 1_000;
/** So that no two series have the same candles, nor neighbours similar ones. */
const STRIDE = 7_919;

/** Many markets, or many timeframes, with little history each. */
export const smallSeriesCase: BenchCase = {
  name: 'small-series',
  about: 'write and read 10,000 series of 100 candles, on disk',
  plan: ({ series, seriesCount }) => {
    const many = Array.from({ length: seriesCount }, (_, i) => smallSeries(series, i));
    const candles = many.reduce((sum, { length }) => sum + length, 0);
    const step = Math.ceil(many.length / READ_ONE_BY_ONE);
    const some = many.filter((_, i) => i % step === 0);
    return {
      title: `${formatCount(many.length)} series of ${formatCount(many[0]?.length ?? 0)} candles ${onDisk.title}`,
      metrics: [
        {
          name: 'write',
          title: 'write in one call',
          unit: 'ms',
          work: { amount: candles, unit: 'candles' },
        },
        { name: 'one', title: 'read one', unit: 'ms', work: { amount: 1, unit: 'series' } },
        {
          name: 'all',
          title: 'read all in one call',
          unit: 'ms',
          work: { amount: candles, unit: 'candles' },
        },
      ],
      contenders: onDisk.peers.map((peer) => contender(peer, many, some)),
      expected: describe(many, some),
      warmUp: false,
    };
  },
};

function contender(
  peer: CandlePeer,
  many: readonly CandleSeries[],
  some: readonly CandleSeries[],
): Contender {
  return {
    name: peer.name,
    description: peer.description,
    libraries: peer.libraries,
    prepare: async (directory): Promise<Trial> => ({
      sample: async () => {
        const fresh = join(directory, 'fresh');
        await mkdir(fresh);
        try {
          return await withStore(peer, fresh, async (store) => {
            const { ms: write } = await timed(() => store.write(many));
            const { ms: one, result: ones } = await timed(() => readInTurn(store, some));
            const { ms: all, result } = await timed(() =>
              store.readMany(many.map(({ key }) => key)),
            );
            return {
              readings: { write, one: one / some.length, all },
              answer: describe(result, ones),
            };
          });
        } finally {
          await rm(fresh, { recursive: true, force: true });
        }
      },
      close: async () => {},
    }),
  };
}

async function readInTurn(
  store: CandleStore,
  some: readonly CandleSeries[],
): Promise<CandleRows[]> {
  const results: CandleRows[] = [];
  for (const { key } of some) results.push(await store.readAll(key));
  return results;
}

function smallSeries(series: CandleSeries, i: number): CandleSeries {
  const start = (i * STRIDE) % Math.max(1, series.length - CANDLES_PER_SERIES);
  const key = { symbol: `KRW-M${i}`, timeframe: series.timeframe };
  return CandleSeries.fromTrustedColumns(key, series.slice(start, start + CANDLES_PER_SERIES));
}

function describe(all: readonly CandleRows[], ones: readonly CandleRows[]): string {
  return `${digestCandles(...all)}; one by one ${digestCandles(...ones)}`;
}
