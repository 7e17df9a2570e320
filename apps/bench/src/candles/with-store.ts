import type { CandlePeer, CandleStore } from './candle-peer.ts';

/** Opens a peer in a directory for as long as the work takes. */
export async function withStore<T>(
  peer: CandlePeer,
  directory: string,
  work: (store: CandleStore) => Promise<T>,
): Promise<T> {
  const store = await peer.open(directory);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
