import { join } from 'node:path';
import { type CandleSeries, ManualClock, timeframeGrid } from '@barkeep/core';
import { createMarketData } from '@barkeep/market-data';
import { SqliteStorage } from '@barkeep/storage-sqlite';
import type { BenchCase, Contender, Trial } from '../bench-case.ts';
import { barkeepSqlite } from '../candles/barkeep-sqlite.ts';
import { betterSqlite3 } from '../candles/better-sqlite3.ts';
import { digestCandles } from '../candles/candle-digest.ts';
import { onDisk } from '../candles/candle-matches.ts';
import type { CandlePeer, CandleRows } from '../candles/candle-peer.ts';
import type { FilledStores } from '../candles/filled-stores.ts';
import { formatCount } from '../report/format.ts';
import { timed } from '../stopwatch.ts';
import { fasterThan } from './faster-than.ts';

const LATEST = 1_000;
/** Each sample is the mean of so many reads: one alone is a matter of microseconds. */
const READS = 100;
/** How long each contender reads unmeasured before each sample: a read of microseconds must be compiled. */
const WARM_UP_MS = 100;

/** The query of a chart, again and again, through the service with its cache. */
export const latestCachedCase: BenchCase = {
  name: 'latest-cached',
  about: 'read the latest 1,000 candles through the service and its cache',
  plan: ({ series, filled }) => {
    const latest = series.slice(-LATEST);
    const what = `latest ${formatCount(latest.length)} candles`;
    return {
      title: `${what} of ${formatCount(series.length)} again and again (mean of ${READS})`,
      metrics: [{ name: 'read', title: 'read', unit: 'ms', work: { amount: 1, unit: 'reads' } }],
      contenders: [
        throughService(filled, series),
        ...onDisk.peers
          .filter((peer) => peer !== barkeepSqlite)
          .map((peer) => fromStore(peer, filled, series)),
      ],
      expected: digestCandles(latest),
      warmUp: false,
      goals: [fasterThan(betterSqlite3, 100, `${what} from the cache`, 'read')],
    };
  },
};

/** The clock stands still in the period of the last candle, as when a live feed has just written it. */
function throughService(filled: FilledStores, series: CandleSeries): Contender {
  return {
    name: 'Barkeep, service',
    description:
      'createMarketData of @barkeep/market-data with @barkeep/storage-sqlite and @barkeep/cache-memory, default options, all candles covered: answers with candles, coverage and what is missing',
    libraries: [...barkeepSqlite.libraries, '@barkeep/market-data', '@barkeep/cache-memory'],
    prepare: async (directory): Promise<Trial> => {
      const copy = join(directory, 'copy');
      await filled.copy(barkeepSqlite, copy);
      const clock = new ManualClock(series.lastTimestamp);
      const storage = new SqliteStorage({ path: join(copy, 'market_data.sqlite3'), clock });
      await storage.open();
      const end = timeframeGrid(series.timeframe).shift(series.lastTimestamp);
      const all = { from: series.firstTimestamp, to: end };
      await storage.coverage.add(series.key, all, { source: 'bench' });
      const service = await createMarketData({ storage, clock });
      return {
        sample: () =>
          repeatedly(async () => {
            const answer = await service.getCandles({ ...series.key, limit: LATEST });
            return answer.series;
          }),
        close: async () => {
          await service.close();
          await storage.close();
        },
      };
    },
  };
}

function fromStore(peer: CandlePeer, filled: FilledStores, series: CandleSeries): Contender {
  return {
    name: peer.name,
    description: peer.description,
    libraries: peer.libraries,
    prepare: async (): Promise<Trial> => {
      const store = await filled.open(peer);
      return {
        sample: () => repeatedly(() => store.readLatest(series.key, LATEST)),
        close: () => store.close(),
      };
    },
  };
}

async function repeatedly(read: () => Promise<CandleRows>): ReturnType<Trial['sample']> {
  const warm = performance.now() + WARM_UP_MS;
  while (performance.now() < warm) await read();
  const { ms, result } = await timed(async () => {
    for (let i = 1; i < READS; i += 1) await read();
    return read();
  });
  return { readings: { read: ms / READS }, answer: digestCandles(result) };
}
