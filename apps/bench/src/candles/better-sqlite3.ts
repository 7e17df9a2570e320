import { join } from 'node:path';
import type { Candle, CandleSeries, Interval, RequiredColumn, SeriesKey } from '@barkeep/core';
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

const SELECT_RANGE = `
  SELECT timestamp, open, high, low, close, volume FROM candles
  WHERE symbol = ? AND timeframe = ? AND timestamp >= ? AND timestamp < ? ORDER BY timestamp
`;

/** What a user writes by hand. */
export const betterSqlite3: CandlePeer = {
  name: 'better-sqlite3 by hand',
  description:
    'better-sqlite3 on the main thread: text symbol and timeframe, a unique index, a prepared upsert in one transaction, .all(); journal_mode=WAL, synchronous=NORMAL',
  libraries: ['better-sqlite3'],
  durable: true,
  replaces: true,
  open: async (directory) => new HandWrittenStore(join(directory, 'candles.sqlite3')),
};

class HandWrittenStore implements CandleStore {
  readonly #database: Database.Database;
  readonly #upsert: Database.Statement<[string, string, ...(number | undefined)[]]>;
  readonly #selectAll: Database.Statement<[string, string], Candle>;
  readonly #selectLatest: Database.Statement<[string, string, number], Candle>;
  readonly #selectRange: Database.Statement<[string, string, number, number], Candle>;

  constructor(path: string) {
    this.#database = new Database(path);
    this.#database.pragma('journal_mode = WAL');
    this.#database.pragma('synchronous = NORMAL');
    this.#database.exec(SCHEMA);
    this.#upsert = this.#database.prepare(UPSERT);
    this.#selectAll = this.#database.prepare(SELECT_ALL);
    this.#selectLatest = this.#database.prepare(SELECT_LATEST);
    this.#selectRange = this.#database.prepare(SELECT_RANGE);
  }

  async write(batches: readonly CandleSeries[]): Promise<void> {
    const upsertAll = this.#database.transaction(() => {
      for (const series of batches) this.#upsertEach(series);
    });
    upsertAll.immediate();
  }

  async overwrite(batches: readonly CandleSeries[]): Promise<undefined> {
    await this.write(batches);
  }

  async readAll(key: SeriesKey): Promise<Candle[]> {
    return this.#selectAll.all(key.symbol, key.timeframe);
  }

  async readLatest(key: SeriesKey, count: number): Promise<Candle[]> {
    return this.#selectLatest.all(key.symbol, key.timeframe, count).reverse();
  }

  async readRange(key: SeriesKey, { from, to }: Interval): Promise<Candle[]> {
    return this.#selectRange.all(key.symbol, key.timeframe, from, to);
  }

  async readColumn(key: SeriesKey, column: RequiredColumn): Promise<number[]> {
    return this.#database
      .prepare<[string, string], number>(
        `SELECT ${column} FROM candles WHERE symbol = ? AND timeframe = ? ORDER BY timestamp`,
      )
      .pluck()
      .all(key.symbol, key.timeframe);
  }

  async readMany(keys: readonly SeriesKey[]): Promise<Candle[][]> {
    return keys.map(({ symbol, timeframe }) => this.#selectAll.all(symbol, timeframe));
  }

  async compact(): Promise<void> {
    this.#database.exec('VACUUM');
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  #upsertEach(series: CandleSeries): void {
    const { symbol, timeframe, timestamp, open, high, low, close, volume } = series;
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
  }
}
