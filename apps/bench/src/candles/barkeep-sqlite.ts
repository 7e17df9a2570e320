import { join } from 'node:path';
import { SqliteStorage } from '@barkeep/storage-sqlite';
import { BarkeepStorage } from './barkeep-storage.ts';
import type { CandlePeer } from './candle-peer.ts';

export const barkeepSqlite: CandlePeer = {
  name: 'Barkeep, SQLite',
  description:
    '@barkeep/storage-sqlite through IMarketDataStorage, readers: 2, which start with the storage; all else as by default: better-sqlite3 in worker threads; journal_mode=WAL, synchronous=NORMAL',
  libraries: ['@barkeep/storage-sqlite', 'better-sqlite3'],
  durable: true,
  replaces: true,
  open: (directory) =>
    BarkeepStorage.open(
      new SqliteStorage({ path: join(directory, 'market_data.sqlite3'), readers: 2 }),
    ),
};
