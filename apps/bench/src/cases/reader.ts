import type { Contender, Trial } from '../bench-case.ts';
import type { CandlePeer, CandleStore } from '../candles/candle-peer.ts';
import type { FilledStores } from '../candles/filled-stores.ts';
import { timed } from '../stopwatch.ts';

/** What a filled store is asked for, and what its answer comes to. */
export interface Reading<T> {
  read(store: CandleStore): Promise<T>;
  digest(result: T): string;
}

/** A contender that keeps one handle on a filled store and asks it the same thing in each sample. */
export function reader<T>(
  peer: CandlePeer,
  filled: FilledStores,
  { read, digest }: Reading<T>,
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
          return { readings: { read: ms }, answer: digest(result) };
        },
        close: () => store.close(),
      };
    },
  };
}

/** A contender that opens a fresh handle on a filled store in each sample, asks it once and closes it. */
export function coldReader<T>(
  peer: CandlePeer,
  filled: FilledStores,
  { read, digest }: Reading<T>,
): Contender {
  return {
    name: peer.name,
    description: peer.description,
    libraries: peer.libraries,
    prepare: async (): Promise<Trial> => {
      await filled.directoryOf(peer);
      return {
        sample: async () => {
          const { ms: open, result: store } = await timed(() => filled.open(peer));
          try {
            const { ms, result } = await timed(() => read(store));
            return { readings: { open, read: ms }, answer: digest(result) };
          } finally {
            await store.close();
          }
        },
        close: async () => {},
      };
    },
  };
}
