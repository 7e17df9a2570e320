import type { BenchCase } from '../bench-case.ts';
import { digestCandles } from '../candles/candle-digest.ts';
import type { CandleMatch } from '../candles/candle-matches.ts';
import { formatCount } from '../report/format.ts';
import { reader } from './reader.ts';

const LATEST = 1_000;

/** The query of a chart, again and again on the same handle. */
export function latestWarmCase(match: CandleMatch): BenchCase {
  return {
    name: `latest-warm${match.suffix}`,
    about: `read the latest 1,000 candles on a handle in use, ${match.title}`,
    plan: ({ series, filled }) => {
      const latest = series.slice(-LATEST);
      return {
        title: `latest ${formatCount(latest.length)} of ${formatCount(series.length)} candles ${match.title}, handle in use`,
        metrics: [{ name: 'read', title: 'read', unit: 'ms' }],
        contenders: match.peers.map((peer) =>
          reader(peer, filled, {
            read: (store) => store.readLatest(series.key, LATEST),
            digest: digestCandles,
          }),
        ),
        expected: digestCandles(latest),
        warmUp: true,
      };
    },
  };
}
