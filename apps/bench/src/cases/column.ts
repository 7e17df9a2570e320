import type { BenchCase } from '../bench-case.ts';
import { digestColumn } from '../candles/candle-digest.ts';
import { onDisk } from '../candles/candle-matches.ts';
import { formatCount } from '../report/format.ts';
import { reader } from './reader.ts';

/** What an indicator over closing prices needs. */
export const columnCase: BenchCase = {
  name: 'column',
  about: 'read the closing prices of all candles and nothing else, on disk',
  plan: ({ series, filled }) => ({
    title: `read the closing prices of ${formatCount(series.length)} candles ${onDisk.title}, handle in use`,
    metrics: [
      {
        name: 'read',
        title: 'read',
        unit: 'ms',
        work: { amount: series.length, unit: 'values' },
      },
    ],
    contenders: onDisk.peers.map((peer) =>
      reader(peer, filled, {
        read: (store) => store.readColumn(series.key, 'close'),
        digest: digestColumn,
      }),
    ),
    expected: digestColumn(series.close),
    warmUp: true,
  }),
};
