import type { BenchCase } from '../bench-case.ts';
import { digestCandles } from '../candles/candle-digest.ts';
import { onDisk } from '../candles/candle-matches.ts';
import { formatCount } from '../report/format.ts';
import { reader } from './reader.ts';

const CANDLES = 10_000;

/** Some days out of the middle of the history. */
export const rangeCase: BenchCase = {
  name: 'range',
  about: 'read 10,000 candles from the middle of the series, on disk',
  plan: ({ series, filled }) => {
    const start = Math.max(0, (series.length - CANDLES) >> 1);
    const part = series.slice(start, start + CANDLES);
    const range = { from: part.firstTimestamp, to: part.lastTimestamp + 1 };
    return {
      title: `read ${formatCount(part.length)} candles from the middle of ${formatCount(series.length)} ${onDisk.title}, handle in use`,
      metrics: [
        {
          name: 'read',
          title: 'read',
          unit: 'ms',
          work: { amount: part.length, unit: 'candles' },
        },
      ],
      contenders: onDisk.peers.map((peer) =>
        reader(peer, filled, {
          read: (store) => store.readRange(series.key, range),
          digest: digestCandles,
        }),
      ),
      expected: digestCandles(part),
      warmUp: true,
    };
  },
};
