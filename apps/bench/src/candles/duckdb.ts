import { join } from 'node:path';
import {
  type CandleColumns,
  CandleSeries,
  type Interval,
  REQUIRED_COLUMNS,
  type RequiredColumn,
  type SeriesKey,
} from '@barkeep/core';
import {
  BIGINT,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBDoubleVector,
  DuckDBInstance,
  type DuckDBResult,
  type DuckDBValue,
  listValue,
  VARCHAR,
} from '@duckdb/node-api';
import type { CandlePeer, CandleStore } from './candle-peer.ts';

/** As many rows as a DuckDB vector holds. */
const CHUNK_ROWS = 2_048;
const CHUNK_TYPES = [VARCHAR, VARCHAR, BIGINT, DOUBLE, DOUBLE, DOUBLE, DOUBLE, DOUBLE];

const NO_SERIES: SeriesKey = { symbol: 'none', timeframe: '1m' };

const WRITING = 'appender fed with data chunks in one transaction';
const REPLACING = 'replaces through a temporary table and INSERT OR REPLACE';
const READING =
  'read chunk by chunk into Float64Arrays, timestamps cast to DOUBLE in SQL; default settings';

/** DuckDB with the key that the others have too. */
export const duckdb: CandlePeer = duckdbPeer(
  'DuckDB, primary key',
  `@duckdb/node-api, PRIMARY KEY (symbol, timeframe, timestamp); ${WRITING}; ${REPLACING}; ${READING}`,
  true,
);

/** DuckDB at its fastest. Writing the same candles twice would store them twice. */
export const duckdbWithoutKey: CandlePeer = duckdbPeer(
  'DuckDB, no key',
  `@duckdb/node-api, no key, so nothing keeps duplicates out; ${WRITING}; ${READING}`,
  false,
);

function duckdbPeer(name: string, description: string, hasKey: boolean): CandlePeer {
  const constraint = hasKey ? ', PRIMARY KEY (symbol, timeframe, timestamp)' : '';
  return {
    name,
    description,
    libraries: ['@duckdb/node-api'],
    durable: true,
    replaces: hasKey,
    open: async (directory) => {
      const instance = await DuckDBInstance.create(join(directory, 'candles.duckdb'));
      const connection = await instance.connect();
      await connection.run(`
        CREATE TABLE IF NOT EXISTS candles (
          symbol VARCHAR NOT NULL, timeframe VARCHAR NOT NULL, timestamp BIGINT NOT NULL,
          open DOUBLE NOT NULL, high DOUBLE NOT NULL, low DOUBLE NOT NULL,
          close DOUBLE NOT NULL, volume DOUBLE NOT NULL${constraint}
        )`);
      return new DuckdbStore(instance, connection);
    },
  };
}

class DuckdbStore implements CandleStore {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  async write(batches: readonly CandleSeries[]): Promise<void> {
    await this.#connection.run('BEGIN TRANSACTION');
    await this.#append('candles', batches);
    await this.#connection.run('COMMIT');
  }

  async overwrite(batches: readonly CandleSeries[]): Promise<undefined> {
    await this.#connection.run('CREATE OR REPLACE TEMP TABLE news AS FROM candles LIMIT 0');
    await this.#connection.run('BEGIN TRANSACTION');
    await this.#append('news', batches);
    await this.#connection.run('INSERT OR REPLACE INTO candles FROM news');
    await this.#connection.run('COMMIT');
    await this.#connection.run('DROP TABLE news');
  }

  async readAll(key: SeriesKey): Promise<CandleColumns> {
    return this.#read('ORDER BY timestamp', key);
  }

  async readLatest(key: SeriesKey, count: number): Promise<CandleColumns> {
    const columns = await this.#read(`ORDER BY timestamp DESC LIMIT ${count}`, key);
    for (const column of REQUIRED_COLUMNS) columns[column].reverse();
    return columns;
  }

  async readRange(key: SeriesKey, { from, to }: Interval): Promise<CandleColumns> {
    return this.#read(`AND timestamp >= ${from} AND timestamp < ${to} ORDER BY timestamp`, key);
  }

  async readColumn(key: SeriesKey, column: RequiredColumn): Promise<Float64Array> {
    const [values] = await this.#query(
      `SELECT ${column}::DOUBLE FROM candles
       WHERE symbol = $1 AND timeframe = $2 ORDER BY timestamp`,
      [key.symbol, key.timeframe],
    );
    return values ?? new Float64Array(0);
  }

  /** All candles in one query, cut by the counts of another; the keys share a timeframe. */
  async readMany(keys: readonly SeriesKey[]): Promise<CandleColumns[]> {
    const parameters = [listValue(keys.map(({ symbol }) => symbol)), keys[0]?.timeframe ?? ''];
    const from = 'FROM unnest($1::VARCHAR[]) WITH ORDINALITY AS wanted(name, place)';
    const join = `${from} JOIN candles ON symbol = name AND timeframe = $2`;
    const [counts] = await this.#query(
      `SELECT count(*)::DOUBLE ${join} GROUP BY place ORDER BY place`,
      parameters,
    );
    const columns = await this.#query(
      `SELECT timestamp::DOUBLE, open, high, low, close, volume ${join}
       ORDER BY place, timestamp`,
      parameters,
    );
    const all = CandleSeries.fromTrustedColumns(keys[0] ?? NO_SERIES, namedColumns(columns));
    let start = 0;
    return Array.from(counts ?? [], (count) => {
      start += count;
      return all.slice(start - count, start);
    });
  }

  async compact(): Promise<void> {
    await this.#connection.run('CHECKPOINT');
  }

  async close(): Promise<void> {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #append(table: string, batches: readonly CandleSeries[]): Promise<void> {
    const appender = await this.#connection.createAppender(table);
    for (const series of batches) {
      for (let start = 0; start < series.length; start += CHUNK_ROWS) {
        appender.appendDataChunk(chunkOf(series.slice(start, start + CHUNK_ROWS)));
      }
    }
    appender.closeSync();
  }

  async #read(ending: string, key: SeriesKey): Promise<CandleColumns> {
    const columns = await this.#query(
      `SELECT timestamp::DOUBLE, open, high, low, close, volume FROM candles
       WHERE symbol = $1 AND timeframe = $2 ${ending}`,
      [key.symbol, key.timeframe],
    );
    return namedColumns(columns);
  }

  async #query(sql: string, parameters: DuckDBValue[]): Promise<Float64Array[]> {
    return columnsOf(await this.#connection.run(sql, parameters));
  }
}

function chunkOf(series: CandleSeries): DuckDBDataChunk {
  const chunk = DuckDBDataChunk.create(CHUNK_TYPES, series.length);
  chunk.setColumns([
    new Array<string>(series.length).fill(series.symbol),
    new Array<string>(series.length).fill(series.timeframe),
    Array.from(series.timestamp, BigInt),
    Array.from(series.open),
    Array.from(series.high),
    Array.from(series.low),
    Array.from(series.close),
    Array.from(series.volume),
  ]);
  return chunk;
}

/** Of a result whose columns are all DOUBLE. */
async function columnsOf(result: DuckDBResult): Promise<Float64Array[]> {
  const chunks = await result.fetchAllChunks();
  const length = chunks.reduce((sum, { rowCount }) => sum + rowCount, 0);
  const columns = Array.from({ length: result.columnCount }, () => new Float64Array(length));
  let offset = 0;
  for (const chunk of chunks) {
    for (const [index, column] of columns.entries()) copyVector(chunk, index, column, offset);
    offset += chunk.rowCount;
  }
  return columns;
}

/** Columns in the order of `REQUIRED_COLUMNS`. */
function namedColumns(columns: readonly Float64Array[]): CandleColumns {
  const none = new Float64Array(0);
  const [timestamp = none, open = none, high = none] = columns;
  const [low = none, close = none, volume = none] = columns.slice(3);
  return { timestamp, open, high, low, close, volume };
}

function copyVector(
  chunk: DuckDBDataChunk,
  index: number,
  target: Float64Array,
  offset: number,
): void {
  const vector = chunk.getColumnVector(index);
  if (!(vector instanceof DuckDBDoubleVector)) throw new TypeError(`column ${index} is not DOUBLE`);
  for (let i = 0; i < vector.itemCount; i += 1)
    target[offset + i] = vector.getItem(i) ?? Number.NaN;
}
