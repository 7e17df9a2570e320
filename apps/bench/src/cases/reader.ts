import type { Contender, Trial } from '../bench-case.ts';
import { digestCandles } from '../candles/candle-digest.ts';
import type { CandlePeer, CandleRows, CandleStore } from '../candles/candle-peer.ts';
import type { FilledStores } from '../candles/filled-stores.ts';
import { timed } from '../stopwatch.ts';

/** A contender that keeps one handle on a filled store and asks it the same thing in each sample. */
export function reader(
  peer: CandlePeer,
  filled: FilledStores,
  metric: string,
  read: (store: CandleStore) => Promise<CandleRows>,
): Contender {
  return {
    name: peer.name,
    description: peer.description,
    libraries: peer.libraries,
    prepare: async (): Promise<Trial> => {
      const store = await filled.open(peer);
      return {
        sample: async () => {
          const { ms, result } = await timed(() => read(store));
          return { readings: { [metric]: ms }, answer: digestCandles(result) };
        },
        close: () => store.close(),
      };
    },
  };
}
