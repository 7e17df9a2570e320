import { join } from 'node:path';
import { DiskCache } from '@barkeep/cache-disk';
import { CandleSeries } from '@barkeep/core';
import type { BenchCase, Contender, Trial } from '../bench-case.ts';
import { betterSqlite3 } from '../candles/better-sqlite3.ts';
import { digestCandles } from '../candles/candle-digest.ts';
import type { CandleRows } from '../candles/candle-peer.ts';
import { formatCount } from '../report/format.ts';
import { timed } from '../stopwatch.ts';
import { fasterThan } from './faster-than.ts';

const PAGE = 1_000;
/** Each sample is the mean of so many reads. */
const READS = 100;

/** What a page of candles costs that the memory has dropped. */
export const diskCacheCase: BenchCase = {
  name: 'disk-cache',
  about: 'read a page of 1,000 candles from the disk cache',
  plan: ({ series }) => {
    const page = series.slice(-PAGE).copy();
    const what = `a page of ${formatCount(page.length)} candles`;
    return {
      title: `${what} from files (mean of ${READS})`,
      metrics: [{ name: 'read', title: 'read', unit: 'ms', work: { amount: 1, unit: 'reads' } }],
      contenders: [diskCache(page), byHand(page)],
      expected: digestCandles(page),
      warmUp: true,
      goals: [fasterThan(betterSqlite3, 3, what, 'read')],
    };
  },
};

function diskCache(page: CandleSeries): Contender {
  return {
    name: 'Barkeep, disk cache',
    description: '@barkeep/cache-disk, default options: checks label and value, decodes to columns',
    libraries: ['@barkeep/cache-disk'],
    prepare: async (directory): Promise<Trial> => {
      const cache = new DiskCache({ directory: join(directory, 'entries') });
      await cache.open();
      await cache.set('page', page);
      return {
        sample: () =>
          repeatedly(async () => {
            const found = await cache.get('page');
            if (found instanceof CandleSeries) return found;
            throw new TypeError('the cache has lost the page');
          }),
        close: () => cache.close(),
      };
    },
  };
}

/** A table that holds nothing but the page. */
function byHand(page: CandleSeries): Contender {
  const { name, description, libraries } = betterSqlite3;
  return {
    name,
    description,
    libraries,
    prepare: async (directory): Promise<Trial> => {
      const store = await betterSqlite3.open(directory);
      await store.write([page]);
      return {
        sample: () => repeatedly(() => store.readLatest(page.key, PAGE)),
        close: () => store.close(),
      };
    },
  };
}

async function repeatedly(read: () => Promise<CandleRows>): ReturnType<Trial['sample']> {
  const { ms, result } = await timed(async () => {
    for (let i = 1; i < READS; i += 1) await read();
    return read();
  });
  return { readings: { read: ms / READS }, answer: digestCandles(result) };
}
