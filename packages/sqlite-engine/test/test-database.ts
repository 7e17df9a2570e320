import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BarkeepError,
  type Candle,
  CandleSeries,
  columnNames,
  pickColumns,
  type SeriesKey,
} from '@barkeep/core';
import {
  type ArchiveBatch,
  type SqliteDriver,
  SqliteEngine,
  type SqliteEngineOptions,
  type SqliteRow,
} from '@barkeep/sqlite-engine';
import Database from 'better-sqlite3';
import { expect, onTestFinished } from 'vitest';

export const BTC: SeriesKey = { symbol: 'KRW-BTC', timeframe: '1m' };
export const MINUTE = 60_000;

/** A path for a database that goes away with the test. */
export function temporaryPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-engine-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'market_data.sqlite3');
}

/** A connection as an adapter would make it, closed with the test. */
export function connect(path: string, busyTimeoutMs = 50): SqliteDriver {
  const database = new Database(path, { timeout: busyTimeoutMs });
  onTestFinished(() => void database.close());
  return {
    get inTransaction() {
      return database.inTransaction;
    },
    exec: (sql) => void database.exec(sql),
    prepare: <Row extends SqliteRow>(sql: string) => {
      const statement = database.prepare<SqliteRow, Row>(sql);
      if (statement.reader) statement.raw(true);
      return {
        run: (parameters: SqliteRow) => statement.run(parameters).changes,
        get: (parameters: SqliteRow) => statement.get(parameters),
        all: (parameters: SqliteRow) => statement.all(parameters),
      };
    },
    close: () => void database.close(),
  };
}

let writers = 0;

export function openEngine(
  path: string,
  options: Partial<SqliteEngineOptions> = {},
  driver: SqliteDriver = connect(path),
): SqliteEngine {
  writers += 1;
  return SqliteEngine.open(driver, {
    access: 'read-write',
    journal: 'wal',
    synchronous: 'normal',
    writer: writers,
    ...options,
  });
}

/** A candle whose values follow from its timestamp and `price`. */
export function candle(timestamp: number, price = 100): Candle {
  return {
    timestamp,
    open: price,
    high: price + 0.1,
    low: price / 3,
    close: price,
    volume: timestamp / 7,
  };
}

export function batch(
  key: SeriesKey,
  candles: readonly Candle[],
  rest: Partial<ArchiveBatch> = {},
): ArchiveBatch {
  const series = CandleSeries.from(key, candles);
  return {
    key,
    columns: pickColumns(series, columnNames(series)),
    covers: [],
    source: 'test',
    collectedAt: 1,
    replaces: 'all',
    ...rest,
  };
}

export function everything(engine: SqliteEngine, key: SeriesKey): Candle[] {
  return candlesOf(
    engine.read({
      key,
      from: Number.MIN_SAFE_INTEGER,
      to: Number.MAX_SAFE_INTEGER,
      limit: Number.POSITIVE_INFINITY,
      take: 'first',
    }),
    key,
  );
}

export function candlesOf(columns: ArchiveBatch['columns'], key: SeriesKey): Candle[] {
  return CandleSeries.fromTrustedColumns(key, columns).toArray();
}

/** The BarkeepError that `act` throws. */
export function thrownBy(act: () => unknown): BarkeepError {
  try {
    act();
  } catch (error) {
    if (BarkeepError.is(error)) return error;
    throw error;
  }
  return expect.unreachable('nothing was thrown');
}
