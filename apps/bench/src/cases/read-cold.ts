import type { BenchCase } from '../bench-case.ts';
import { betterSqlite3 } from '../candles/better-sqlite3.ts';
import { digestCandles } from '../candles/candle-digest.ts';
import { onDisk } from '../candles/candle-matches.ts';
import { duckdb, duckdbWithoutKey } from '../candles/duckdb.ts';
import { rawColumns } from '../candles/raw-columns.ts';
import { formatCount } from '../report/format.ts';
import { fasterThan } from './faster-than.ts';
import { coldReader } from './reader.ts';

/** The start of a back-test: nothing cached but what the operating system has of the file. */
export const readColdCase: BenchCase = {
  name: 'read-cold',
  about: 'open a fresh handle and read all candles of the series, on disk',
  plan: ({ series, filled }) => ({
    title: `read ${formatCount(series.length)} candles ${onDisk.title}, fresh handle`,
    metrics: [
      { name: 'open', title: 'open', unit: 'ms' },
      {
        name: 'read',
        title: 'first read',
        unit: 'ms',
        work: { amount: series.length, unit: 'candles' },
      },
    ],
    contenders: onDisk.peers.map((peer) =>
      coldReader(peer, filled, {
        read: (store) => store.readAll(series.key),
        digest: digestCandles,
      }),
    ),
    expected: digestCandles(series),
    warmUp: false,
    goals: [
      fasterThan(betterSqlite3, 10, 'all candles, fresh handle', 'read'),
      fasterThan(duckdb, 3, 'all candles, fresh handle', 'read'),
      fasterThan(duckdbWithoutKey, 3, 'all candles, fresh handle', 'read'),
      fasterThan(rawColumns, 1, 'all candles, fresh handle', 'read'),
    ],
  }),
};
