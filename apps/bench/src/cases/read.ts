import type { BenchCase } from '../bench-case.ts';
import { digestCandles } from '../candles/candle-digest.ts';
import type { CandleMatch } from '../candles/candle-matches.ts';
import { formatCount } from '../report/format.ts';
import { reader } from './reader.ts';

/** All candles of one series, from a store that was used before. */
export function readCase(match: CandleMatch): BenchCase {
  return {
    name: `read${match.suffix}`,
    about: `read all candles of the series, ${match.title}`,
    plan: ({ series, filled }) => ({
      title: `read ${formatCount(series.length)} candles ${match.title}`,
      metrics: [
        {
          name: 'read',
          title: 'read',
          unit: 'ms',
          work: { amount: series.length, unit: 'candles' },
        },
      ],
      contenders: match.peers.map((peer) =>
        reader(peer, filled, { read: (store) => store.readAll(series.key), digest: digestCandles }),
      ),
      expected: digestCandles(series),
      warmUp: true,
    }),
  };
}
