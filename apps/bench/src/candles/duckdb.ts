import { join } from 'node:path';
import {
  allocateColumns,
  CANDLE_COLUMNS,
  type CandleColumns,
  type CandleSeries,
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
  VARCHAR,
} from '@duckdb/node-api';
import type { CandlePeer, CandleStore } from './candle-peer.ts';

/** As many rows as a DuckDB vector holds. */
const CHUNK_ROWS = 2_048;
const CHUNK_TYPES = [VARCHAR, VARCHAR, BIGINT, DOUBLE, DOUBLE, DOUBLE, DOUBLE, DOUBLE];

const WRITING = 'appender fed with data chunks in one transaction';
const READING =
  'read chunk by chunk into Float64Arrays, timestamps cast to DOUBLE in SQL; default settings';

/** DuckDB with the key that the others have too. */
export const duckdb: CandlePeer = duckdbPeer(
  'DuckDB, primary key',
  `@duckdb/node-api, PRIMARY KEY (symbol, timeframe, timestamp); ${WRITING}; ${READING}`,
  ', PRIMARY KEY (symbol, timeframe, timestamp)',
);

/** DuckDB at its fastest. Writing the same candles twice would store them twice. */
export const duckdbWithoutKey: CandlePeer = duckdbPeer(
  'DuckDB, no key',
  `@duckdb/node-api, no key, so nothing keeps duplicates out; ${WRITING}; ${READING}`,
  '',
);

function duckdbPeer(name: string, description: string, constraint: string): CandlePeer {
  return {
    name,
    description,
    libraries: ['@duckdb/node-api'],
    durable: true,
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

  async write(series: CandleSeries): Promise<void> {
    await this.#connection.run('BEGIN TRANSACTION');
    const appender = await this.#connection.createAppender('candles');
    for (let start = 0; start < series.length; start += CHUNK_ROWS) {
      appender.appendDataChunk(chunkOf(series.slice(start, start + CHUNK_ROWS)));
    }
    appender.closeSync();
    await this.#connection.run('COMMIT');
  }

  async readAll(key: SeriesKey): Promise<CandleColumns> {
    return this.#read('ORDER BY timestamp', key);
  }

  async readLatest(key: SeriesKey, count: number): Promise<CandleColumns> {
    const columns = await this.#read(`ORDER BY timestamp DESC LIMIT ${count}`, key);
    for (const column of CANDLE_COLUMNS) columns[column].reverse();
    return columns;
  }

  async close(): Promise<void> {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #read(ending: string, key: SeriesKey): Promise<CandleColumns> {
    const result = await this.#connection.run(
      `SELECT timestamp::DOUBLE, open, high, low, close, volume FROM candles
       WHERE symbol = $1 AND timeframe = $2 ${ending}`,
      [key.symbol, key.timeframe],
    );
    return columnsOf(result);
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

async function columnsOf(result: DuckDBResult): Promise<CandleColumns> {
  const chunks = await result.fetchAllChunks();
  const columns = allocateColumns(chunks.reduce((sum, { rowCount }) => sum + rowCount, 0));
  let offset = 0;
  for (const chunk of chunks) {
    CANDLE_COLUMNS.forEach((column, index) => {
      copyVector(chunk, index, columns[column], offset);
    });
    offset += chunk.rowCount;
  }
  return columns;
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
