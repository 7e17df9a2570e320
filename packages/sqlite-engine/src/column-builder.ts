import { allocateColumns, type CandleColumns, copyColumns } from '@barkeep/core';

/** One candle as SQLite yields it: the columns in the order of `CANDLE_COLUMNS`. */
export type CandleRow = readonly [
  timestamp: number,
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
];

/** How many candles a guess makes room for at most: a damaged counter may be any number. */
const MOST_EXPECTED = 1_048_576;

/** Turns rows into columns, growing as needed. */
export class ColumnBuilder {
  #columns: CandleColumns;
  #length = 0;

  /** `expected` is a guess at how many candles will come: a good one saves copying. */
  constructor(expected: number) {
    this.#columns = allocateColumns(Math.max(0, Math.min(expected, MOST_EXPECTED)));
  }

  get length(): number {
    return this.#length;
  }

  append(rows: readonly CandleRow[]): void {
    this.#reserve(this.#length + rows.length);
    const { timestamp, open, high, low, close, volume } = this.#columns;
    let i = this.#length;
    for (const row of rows) {
      timestamp[i] = numberOf(row[0]);
      open[i] = numberOf(row[1]);
      high[i] = numberOf(row[2]);
      low[i] = numberOf(row[3]);
      close[i] = numberOf(row[4]);
      volume[i] = numberOf(row[5]);
      i += 1;
    }
    this.#length = i;
  }

  /** The columns in memory of exactly their size, which the builder gives away. */
  finish(order: 'as-appended' | 'reversed'): CandleColumns {
    if (this.#length !== this.#columns.timestamp.length) this.#resize(this.#length);
    const columns = this.#columns;
    if (order === 'reversed') for (const column of Object.values(columns)) column.reverse();
    return columns;
  }

  #reserve(length: number): void {
    const capacity = this.#columns.timestamp.length;
    if (length > capacity) this.#resize(Math.max(length, 2 * capacity));
  }

  #resize(capacity: number): void {
    const columns = allocateColumns(capacity);
    if (this.#length > 0) copyColumns(headOf(this.#columns, this.#length), columns, 0);
    this.#columns = columns;
  }
}

/** Damage may have made anything of a value; an array of numbers would make 0 of NULL. */
function numberOf(value: number): number {
  return typeof value === 'number' ? value : Number.NaN;
}

function headOf(columns: CandleColumns, length: number): CandleColumns {
  return {
    timestamp: columns.timestamp.subarray(0, length),
    open: columns.open.subarray(0, length),
    high: columns.high.subarray(0, length),
    low: columns.low.subarray(0, length),
    close: columns.close.subarray(0, length),
    volume: columns.volume.subarray(0, length),
  };
}
