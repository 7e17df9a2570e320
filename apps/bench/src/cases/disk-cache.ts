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
/** How many pages are also read in one call, as for a longer chart. */
const TOGETHER = 10;
/** How long each contender reads unmeasured before each sample: a read of microseconds must be compiled. */
const WARM_UP_MS = 200;

/** What a page of candles costs that the memory has dropped. */
export const diskCacheCase: BenchCase = {
  name: 'disk-cache',
  about: 'read a page of 1,000 candles from the disk cache',
  plan: ({ series }) => {
    const page = series.slice(-PAGE).copy();
    const what = `a page of ${formatCount(page.length)} candles`;
    return {
      title: `${what} from files (mean of ${READS})`,
      metrics: [
        { name: 'read', title: 'alone', unit: 'ms', work: { amount: 1, unit: 'pages' } },
        {
          name: 'together',
          title: `of ${TOGETHER}`,
          unit: 'ms',
          work: { amount: 1, unit: 'pages' },
        },
      ],
      contenders: [diskCache(page), byHand(page)],
      expected: digestCandles(page),
      warmUp: false,
      goals: [
        fasterThan(betterSqlite3, 3, what, 'read'),
        fasterThan(betterSqlite3, 3, `${what}, of ${TOGETHER} at once`, 'together'),
      ],
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
      const keys = Array.from({ length: TOGETHER }, (_, i) => `page/${i}`);
      await cache.setMany(keys.map((key) => ({ key, value: page })));
      const read = async (count: number): Promise<CandleRows> => {
        const found = (await cache.getMany(keys.slice(0, count))).at(-1);
        if (found instanceof CandleSeries) return found;
        throw new TypeError('the cache has lost the page');
      };
      return { sample: () => sampled(read), close: () => cache.close() };
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
      const read = async (count: number): Promise<CandleRows> => {
        for (let i = 1; i < count; i += 1) await store.readLatest(page.key, PAGE);
        return store.readLatest(page.key, PAGE);
      };
      return { sample: () => sampled(read), close: () => store.close() };
    },
  };
}

/** Reads one page at a time, then several in one call; for each the mean of a page. */
async function sampled(read: (pages: number) => Promise<CandleRows>): ReturnType<Trial['sample']> {
  const warm = performance.now() + WARM_UP_MS;
  while (performance.now() < warm) await read(1);
  const alone = await timed(() => repeatedly(READS, () => read(1)));
  const together = await timed(() => repeatedly(READS / TOGETHER, () => read(TOGETHER)));
  return {
    readings: { read: alone.ms / READS, together: together.ms / READS },
    answer: digestCandles(together.result),
  };
}

async function repeatedly(times: number, read: () => Promise<CandleRows>): Promise<CandleRows> {
  for (let i = 1; i < times; i += 1) await read();
  return read();
}
