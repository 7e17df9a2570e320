import type { BenchCase } from '../bench-case.ts';
import { betterSqlite3 } from '../candles/better-sqlite3.ts';
import { digestCandles } from '../candles/candle-digest.ts';
import { onDisk } from '../candles/candle-matches.ts';
import { formatCount } from '../report/format.ts';
import { fasterThan } from './faster-than.ts';
import { coldReader } from './reader.ts';

const LATEST = 1_000;

/** The first query after a start: nothing cached but what the operating system has of the file. */
export const latestColdCase: BenchCase = {
  name: 'latest-cold',
  about: 'open a fresh handle and read the latest 1,000 candles, on disk',
  plan: ({ series, filled }) => {
    const latest = series.slice(-LATEST);
    const what = `latest ${formatCount(latest.length)} candles`;
    return {
      title: `${what} of ${formatCount(series.length)} ${onDisk.title}, fresh handle`,
      metrics: [
        { name: 'open', title: 'open', unit: 'ms' },
        { name: 'read', title: 'first read', unit: 'ms' },
      ],
      contenders: onDisk.peers.map((peer) =>
        coldReader(peer, filled, {
          read: (store) => store.readLatest(series.key, LATEST),
          digest: digestCandles,
        }),
      ),
      expected: digestCandles(latest),
      warmUp: false,
      goals: [
        {
          id: 'F1',
          title: `${what}, first read of a fresh handle`,
          metric: 'read',
          limit: { atMost: 100 },
        },
        fasterThan(betterSqlite3, 3, `${what}, fresh handle`, 'read'),
      ],
    };
  },
};
