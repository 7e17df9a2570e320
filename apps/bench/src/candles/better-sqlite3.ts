import { join } from 'node:path';
import type { Candle, CandleSeries, SeriesKey } from '@barkeep/core';
import Database from 'better-sqlite3';
import type { CandlePeer, CandleStore } from './candle-peer.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS candles (
    symbol TEXT NOT NULL,
    timeframe TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    open REAL NOT NULL,
    high REAL NOT NULL,
    low REAL NOT NULL,
    close REAL NOT NULL,
    volume REAL NOT NULL
  );
  CREATE UNIQUE INDEX IF NOT EXISTS candles_key ON candles (symbol, timeframe, timestamp);
`;

const UPSERT = `
  INSERT INTO candles (symbol, timeframe, timestamp, open, high, low, close, volume)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (symbol, timeframe, timestamp) DO UPDATE SET
    open = excluded.open, high = excluded.high, low = excluded.low,
    close = excluded.close, volume = excluded.volume
`;

const SELECT_ALL = `
  SELECT timestamp, open, high, low, close, volume FROM candles
  WHERE symbol = ? AND timeframe = ? ORDER BY timestamp
`;

const SELECT_LATEST = `
  SELECT timestamp, open, high, low, close, volume FROM candles
  WHERE symbol = ? AND timeframe = ? ORDER BY timestamp DESC LIMIT ?
`;

/** What a user writes by hand. */
export const betterSqlite3: CandlePeer = {
  name: 'better-sqlite3 by hand',
  description:
    'better-sqlite3 on the main thread: text symbol and timeframe, a unique index, a prepared upsert in one transaction, .all(); journal_mode=WAL, synchronous=NORMAL',
  libraries: ['better-sqlite3'],
  durable: true,
  open: async (directory) => new HandWrittenStore(join(directory, 'candles.sqlite3')),
};

class HandWrittenStore implements CandleStore {
  readonly #database: Database.Database;
  readonly #upsert: Database.Statement<[string, string, ...(number | undefined)[]]>;
  readonly #selectAll: Database.Statement<[string, string], Candle>;
  readonly #selectLatest: Database.Statement<[string, string, number], Candle>;

  constructor(path: string) {
    this.#database = new Database(path);
    this.#database.pragma('journal_mode = WAL');
    this.#database.pragma('synchronous = NORMAL');
    this.#database.exec(SCHEMA);
    this.#upsert = this.#database.prepare(UPSERT);
    this.#selectAll = this.#database.prepare(SELECT_ALL);
    this.#selectLatest = this.#database.prepare(SELECT_LATEST);
  }

  async write(series: CandleSeries): Promise<void> {
    const { symbol, timeframe, timestamp, open, high, low, close, volume } = series;
    const upsertAll = this.#database.transaction(() => {
      for (let i = 0; i < series.length; i += 1) {
        this.#upsert.run(
          symbol,
          timeframe,
          timestamp[i],
          open[i],
          high[i],
          low[i],
          close[i],
          volume[i],
        );
      }
    });
    upsertAll.immediate();
  }

  async readAll(key: SeriesKey): Promise<Candle[]> {
    return this.#selectAll.all(key.symbol, key.timeframe);
  }

  async readLatest(key: SeriesKey, count: number): Promise<Candle[]> {
    return this.#selectLatest.all(key.symbol, key.timeframe, count).reverse();
  }

  async close(): Promise<void> {
    this.#database.close();
  }
}
