import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  allocateColumns,
  type CandleColumns,
  type CandleSeries,
  type EpochMs,
  type Interval,
  REQUIRED_COLUMNS,
  type RequiredColumn,
  type SeriesKey,
} from '@barkeep/core';
import type { CandlePeer, CandleStore } from './candle-peer.ts';
import { seriesFileName } from './series-file-name.ts';

const BYTES = Float64Array.BYTES_PER_ELEMENT;

/** What the machine can do: no format, no index, no check, no transaction, no change afterwards. */
export const rawColumns: CandlePeer = {
  name: 'raw columns in a file',
  description:
    'one file per series with six columns of uncompressed doubles, one after the other, and nothing else: written and read on the main thread with fs.writeSync and fs.readSync into Float64Arrays, without fsync; cannot be added to',
  libraries: [],
  durable: true,
  replaces: false,
  open: async (directory) => new RawColumns(directory),
};

class RawColumns implements CandleStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async write(batches: readonly CandleSeries[]): Promise<void> {
    for (const series of batches) {
      this.#withFile(series.key, 'w', (file) => {
        for (const column of REQUIRED_COLUMNS) writeWhole(file, series[column]);
      });
    }
  }

  async overwrite(): Promise<undefined> {
    throw new TypeError('a file of raw columns cannot be changed in place');
  }

  async readAll(key: SeriesKey): Promise<CandleColumns> {
    return this.#withFile(key, 'r', (file) => readRows(file, 0, rowsIn(file)));
  }

  async readLatest(key: SeriesKey, count: number): Promise<CandleColumns> {
    return this.#withFile(key, 'r', (file) => {
      const rows = rowsIn(file);
      return readRows(file, Math.max(0, rows - count), rows);
    });
  }

  async readRange(key: SeriesKey, { from, to }: Interval): Promise<CandleColumns> {
    return this.#withFile(key, 'r', (file) =>
      readRows(file, rowAtOrAfter(file, from), rowAtOrAfter(file, to)),
    );
  }

  async readColumn(key: SeriesKey, column: RequiredColumn): Promise<Float64Array> {
    return this.#withFile(key, 'r', (file) => {
      const rows = rowsIn(file);
      const values = new Float64Array(rows);
      readWhole(file, values, REQUIRED_COLUMNS.indexOf(column) * rows);
      return values;
    });
  }

  readMany(keys: readonly SeriesKey[]): Promise<CandleColumns[]> {
    return Promise.all(keys.map((key) => this.readAll(key)));
  }

  async compact(): Promise<void> {}

  async close(): Promise<void> {}

  #withFile<T>(key: SeriesKey, flags: 'r' | 'w', work: (file: number) => T): T {
    const file = openSync(join(this.#directory, seriesFileName(key)), flags);
    try {
      return work(file);
    } finally {
      closeSync(file);
    }
  }
}

function rowsIn(file: number): number {
  return fstatSync(file).size / (BYTES * REQUIRED_COLUMNS.length);
}

/** The first row at or after an instant, by bisection in the column of timestamps. */
function rowAtOrAfter(file: number, instant: EpochMs): number {
  const timestamp = new Float64Array(1);
  let low = 0;
  let high = rowsIn(file);
  while (low < high) {
    const middle = (low + high) >>> 1;
    readWhole(file, timestamp, middle);
    if ((timestamp[0] ?? Number.NaN) < instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

function readRows(file: number, start: number, end: number): CandleColumns {
  const rows = rowsIn(file);
  const columns = allocateColumns(end - start);
  for (const [index, column] of REQUIRED_COLUMNS.entries()) {
    readWhole(file, columns[column], index * rows + start);
  }
  return columns;
}

/** Fills the values from the file, from its value number `position` on. */
function readWhole(file: number, values: Float64Array, position: number): void {
  const bytes = bytesOf(values);
  let done = 0;
  while (done < bytes.length) {
    const read = readSync(file, bytes, done, bytes.length - done, position * BYTES + done);
    if (read === 0) throw new RangeError('the file ends too early');
    done += read;
  }
}

function writeWhole(file: number, values: Float64Array): void {
  const bytes = bytesOf(values);
  let done = 0;
  while (done < bytes.length) done += writeSync(file, bytes, done);
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
