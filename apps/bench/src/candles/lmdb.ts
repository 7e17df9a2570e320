import type { CandleColumns, EpochMs, Interval, SeriesKey } from '@barkeep/core';
import { open, type RootDatabase } from 'lmdb';
import { Encoder } from 'msgpackr';
import type { CandlePeer } from './candle-peer.ts';
import { type ChunkColumns, ChunkedStore, type Chunks } from './chunked-store.ts';

const DAY_MS = 86_400_000;

type ChunkKey = [symbol: string, timeframe: string, start: EpochMs];

export const lmdbJson: CandlePeer = {
  name: 'LMDB, JSON',
  description:
    'lmdb, one entry per series and UTC day: JSON with an array of numbers per column; one transaction; default settings',
  libraries: ['lmdb'],
  durable: true,
  replaces: true,
  open: async (path) => {
    const database = open<ChunkColumns, ChunkKey>({ path, encoding: 'json' });
    return new ChunkedStore(new LmdbChunks(database, plainArrays), DAY_MS);
  },
};

export const lmdbMsgpack: CandlePeer = {
  name: 'LMDB, msgpack',
  description:
    'lmdb, one entry per series and UTC day: msgpackr with a Float64Array per column (moreTypes); one transaction; default settings',
  libraries: ['lmdb', 'msgpackr'],
  durable: true,
  replaces: true,
  open: async (path) => {
    const encoder = new Encoder({ moreTypes: true });
    const database = open<ChunkColumns, ChunkKey>({ path, encoder });
    return new ChunkedStore(new LmdbChunks(database, (columns) => columns), DAY_MS);
  },
};

class LmdbChunks implements Chunks {
  readonly #database: RootDatabase<ChunkColumns, ChunkKey>;
  readonly #toValue: (columns: CandleColumns) => ChunkColumns;

  constructor(
    database: RootDatabase<ChunkColumns, ChunkKey>,
    toValue: (columns: CandleColumns) => ChunkColumns,
  ) {
    this.#database = database;
    this.#toValue = toValue;
  }

  async commit(work: () => void): Promise<void> {
    await this.#database.transaction(work);
  }

  put({ symbol, timeframe }: SeriesKey, start: EpochMs, columns: CandleColumns): void {
    this.#database.putSync([symbol, timeframe, start], this.#toValue(columns));
  }

  get({ symbol, timeframe }: SeriesKey, start: EpochMs): ChunkColumns | undefined {
    return this.#database.get([symbol, timeframe, start]);
  }

  walk(
    { symbol, timeframe }: SeriesKey,
    { from, to }: Interval,
    direction: 'up' | 'down',
  ): Iterable<ChunkColumns> {
    const first: ChunkKey = [symbol, timeframe, from];
    const last: ChunkKey = [symbol, timeframe, to];
    const range =
      direction === 'up'
        ? this.#database.getRange({ start: first, end: last })
        : this.#database.getRange({ start: last, end: first, reverse: true });
    return range.map(({ value }) => value);
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

function plainArrays(columns: CandleColumns): ChunkColumns {
  const { timestamp, open: opens, high, low, close, volume } = columns;
  return {
    timestamp: Array.from(timestamp),
    open: Array.from(opens),
    high: Array.from(high),
    low: Array.from(low),
    close: Array.from(close),
    volume: Array.from(volume),
  };
}
