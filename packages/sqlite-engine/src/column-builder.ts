import {
  allocateColumns,
  type CandleColumns,
  copyColumns,
  OPTIONAL_COLUMNS,
  type OptionalColumn,
  sliceColumns,
} from '@barkeep/core';

/** One candle as SQLite yields it: the required columns, and all optional ones or none. */
export type RowValues = readonly [
  timestamp: number,
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
  ...optional: (number | null)[],
];

const REQUIRED = 6;
/** How many candles a guess makes room for at most: a damaged counter may be any number. */
const MOST_EXPECTED = 1_048_576;

/** Turns rows into columns, growing as needed. */
export class ColumnBuilder {
  readonly #optional: readonly OptionalColumn[];
  #columns: CandleColumns;
  #length = 0;

  /** `expected` is a guess at how many candles will come: a good one saves copying. */
  constructor(expected: number, optional: readonly OptionalColumn[]) {
    this.#optional = optional;
    this.#columns = this.#allocate(Math.max(0, Math.min(expected, MOST_EXPECTED)));
  }

  get length(): number {
    return this.#length;
  }

  append(rows: readonly RowValues[]): void {
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
    for (const name of this.#optional) this.#appendOptional(name, rows);
    this.#length = i;
  }

  /** The columns in memory of exactly their size, which the builder gives away. */
  finish(order: 'as-appended' | 'reversed'): CandleColumns {
    if (this.#length !== this.#columns.timestamp.length) this.#resize(this.#length);
    const columns = this.#columns;
    if (order === 'reversed') for (const column of Object.values(columns)) column.reverse();
    return columns;
  }

  #appendOptional(name: OptionalColumn, rows: readonly RowValues[]): void {
    const column = this.#columns[name];
    const place = REQUIRED + OPTIONAL_COLUMNS.indexOf(name);
    if (column === undefined) return;
    for (const [i, row] of rows.entries()) {
      const value = row[place] ?? Number.NaN;
      // Damage of any kind, but NULL, is a value that breaks a rule.
      column[this.#length + i] = typeof value === 'number' ? value : Number.POSITIVE_INFINITY;
    }
  }

  #reserve(length: number): void {
    const capacity = this.#columns.timestamp.length;
    if (length > capacity) this.#resize(Math.max(length, 2 * capacity));
  }

  #resize(capacity: number): void {
    const columns = this.#allocate(capacity);
    const length = this.#length;
    if (length > 0) copyColumns(sliceColumns(this.#columns, 0, length), columns, 0);
    this.#columns = columns;
  }

  #allocate(length: number): CandleColumns {
    return allocateColumns(length, this.#optional);
  }
}

/** Damage may have made anything of a value; an array of numbers would make 0 of NULL. */
function numberOf(value: number): number {
  return typeof value === 'number' ? value : Number.NaN;
}
