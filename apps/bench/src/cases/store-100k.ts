import type { BenchCase } from '../bench-case.ts';
import { digestCandles } from '../candles/candle-digest.ts';
import { onDisk } from '../candles/candle-matches.ts';
import { formatCount } from '../report/format.ts';
import { writer } from './write.ts';

const CANDLES = 100_000;

/** What a back-fill of a few months stores. */
export const store100kCase: BenchCase = {
  name: 'store-100k',
  about: 'write 100,000 candles in one call, on disk',
  plan: ({ series }) => {
    const part = series.slice(0, CANDLES);
    return {
      title: `write ${formatCount(part.length)} candles ${onDisk.title}, one call`,
      metrics: [
        {
          name: 'write',
          title: 'write',
          unit: 'ms',
          work: { amount: part.length, unit: 'candles' },
        },
      ],
      contenders: onDisk.peers.map((peer) => writer(peer, part)),
      expected: digestCandles(part),
      warmUp: false,
      goals: [
        {
          id: 'F3',
          title: `${formatCount(part.length)} candles stored`,
          metric: 'write',
          limit: { atMost: 5_000 },
        },
      ],
    };
  },
};
