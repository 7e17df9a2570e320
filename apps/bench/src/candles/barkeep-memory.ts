import { MemoryStorage } from '@barkeep/storage-memory';
import { BarkeepStorage } from './barkeep-storage.ts';
import type { CandlePeer } from './candle-peer.ts';

export const barkeepMemory: CandlePeer = {
  name: 'Barkeep, memory',
  description: '@barkeep/storage-memory through IMarketDataStorage, default options: columns',
  libraries: ['@barkeep/storage-memory'],
  durable: false,
  replaces: true,
  open: () => BarkeepStorage.open(new MemoryStorage()),
};
