import { join } from 'node:path';
import type { CandleSeries } from '@barkeep/core';
import type { CandleBatch } from '@barkeep/storage';
import { SqliteStorage } from '@barkeep/storage-sqlite';
import type { BenchCase, Trial } from '../bench-case.ts';
import { barkeepSqlite } from '../candles/barkeep-sqlite.ts';
import { formatCount } from '../report/format.ts';
import { timed } from '../stopwatch.ts';

const CANDLES_PER_SERIES = 10;
const SERIES_PER_WRITE = 500;

/** What is stored: count, first and last of every series. Barkeep alone; the goal is absolute. */
export const listCase: BenchCase = {
  name: 'list',
  about: 'list 10,000 series with count, first and last, on disk (Barkeep alone)',
  plan: ({ series, seriesCount }) => {
    const few = series.slice(0, CANDLES_PER_SERIES);
    return {
      title: `list ${formatCount(seriesCount)} series with count, first and last`,
      metrics: [
        { name: 'list', title: 'list', unit: 'ms', work: { amount: seriesCount, unit: 'series' } },
      ],
      contenders: [
        {
          name: barkeepSqlite.name,
          description: barkeepSqlite.description,
          libraries: barkeepSqlite.libraries,
          prepare: (directory) => prepareList(directory, few, seriesCount),
        },
      ],
      expected: describeList(seriesCount, seriesCount * few.length),
      warmUp: true,
      goals: [
        {
          id: '',
          title: `list over ${formatCount(seriesCount)} series`,
          metric: 'list',
          limit: { atMost: 50 },
        },
      ],
    };
  },
};

async function prepareList(
  directory: string,
  candles: CandleSeries,
  seriesCount: number,
): Promise<Trial> {
  const storage = new SqliteStorage({ path: join(directory, 'market_data.sqlite3') });
  await storage.open();
  for (let start = 0; start < seriesCount; start += SERIES_PER_WRITE) {
    const count = Math.min(SERIES_PER_WRITE, seriesCount - start);
    await storage.candles.write(
      Array.from({ length: count }, (_, i): CandleBatch => {
        return { key: { symbol: `KRW-M${start + i}`, timeframe: candles.timeframe }, candles };
      }),
    );
  }
  return {
    sample: async () => {
      const { ms, result } = await timed(() => storage.candles.list());
      const stored = result.reduce((sum, { count }) => sum + count, 0);
      return { readings: { list: ms }, answer: describeList(result.length, stored) };
    },
    close: () => storage.close(),
  };
}

function describeList(series: number, candles: number): string {
  return `${series} series, ${candles} candles`;
}
