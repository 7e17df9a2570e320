import type { CandleExtent, CandleSelection } from '@barkeep/candle-archive';
import {
  BarkeepError,
  type CandleColumns,
  type EpochMs,
  type Interval,
  OPTIONAL_COLUMNS,
  type OptionalColumn,
  REQUIRED_COLUMNS,
} from '@barkeep/core';
import { ColumnBuilder, type RowValues } from './column-builder.ts';
import type { SqliteDriver, SqliteStatement, SqliteValue } from './sqlite-driver.ts';
import { PARAMETER } from './unpeeked-parameter.ts';
import { WIDE_COLUMNS } from './wide-columns.ts';

/** Rows per round trip to SQLite: more makes the JavaScript arrays costlier than the trips saved. */
const READ_BLOCK = 512;
/** How far a comparison with stored rows looks ahead at first; it grows while they match. */
const FIRST_LOOK = 8;
const INSERT_BLOCK = 64;
const FIRST_OPTIONAL = 1 + REQUIRED_COLUMNS.length;

/**
 * A table of candles by series and timestamp: `candle_rows`, or `wide_candle_rows` for series that ever
 * had optional columns. The caller holds the transaction.
 */
export class CandleRows {
  readonly #optional: readonly OptionalColumn[];
  /** How many values a row has, with the number of its series. */
  readonly #width: number;
  readonly #ascending: SqliteStatement<RowValues>;
  readonly #descending: SqliteStatement<RowValues>;
  readonly #insertOne: SqliteStatement;
  readonly #insertBlock: SqliteStatement;
  readonly #delete: SqliteStatement;
  readonly #count: SqliteStatement<readonly [count: number]>;
  readonly #first: SqliteStatement<readonly [timestamp: number]>;
  readonly #last: SqliteStatement<readonly [timestamp: number]>;
  readonly #all: SqliteStatement<readonly [count: number]>;
  readonly #latest: SqliteStatement<readonly [timestamp: number]>;
  readonly #outside: SqliteStatement<readonly [values: string]>;
  readonly #deleteOutside: SqliteStatement;

  constructor(driver: SqliteDriver, table: 'candle_rows' | 'wide_candle_rows') {
    this.#optional = table === 'candle_rows' ? [] : OPTIONAL_COLUMNS;
    const names = [...REQUIRED_COLUMNS, ...this.#optional.map((name) => WIDE_COLUMNS[name].name)];
    this.#width = 1 + names.length;
    const select = (order: 'ASC' | 'DESC'): string =>
      `SELECT ${names.join(', ')} FROM ${table}
       WHERE series_id = ${PARAMETER} AND timestamp >= ${PARAMETER} AND timestamp < ${PARAMETER}
       ORDER BY timestamp ${order} LIMIT ${PARAMETER}`;
    const insert = (rows: number): string =>
      `INSERT OR REPLACE INTO ${table} (series_id, ${names.join(', ')})
       VALUES ${Array(rows)
         .fill(`(?${', ?'.repeat(names.length)})`)
         .join(', ')}`;
    const edge = (order: 'ASC' | 'DESC'): string =>
      `SELECT timestamp FROM ${table} WHERE series_id = ${PARAMETER} ORDER BY timestamp ${order} LIMIT 1`;
    this.#ascending = driver.prepare(select('ASC'));
    this.#descending = driver.prepare(select('DESC'));
    this.#insertOne = driver.prepare(insert(1));
    this.#insertBlock = driver.prepare(insert(INSERT_BLOCK));
    this.#delete = driver.prepare(
      `DELETE FROM ${table} WHERE series_id = ? AND timestamp >= ? AND timestamp < ?`,
    );
    this.#count = driver.prepare(
      `SELECT count(*) FROM (SELECT 1 FROM ${table}
       WHERE series_id = ${PARAMETER} AND timestamp >= ${PARAMETER} AND timestamp < ${PARAMETER} LIMIT ${PARAMETER})`,
    );
    this.#first = driver.prepare(edge('ASC'));
    this.#last = driver.prepare(edge('DESC'));
    this.#latest = driver.prepare(
      `SELECT timestamp FROM ${table} WHERE series_id = ? ORDER BY timestamp DESC LIMIT 1 OFFSET ?`,
    );
    this.#all = driver.prepare(`SELECT count(*) FROM ${table} WHERE series_id = ?`);
    const quoted = names.map((column) => `quote(${column})`);
    // Damage may have made NULL of a timestamp, which is neither inside nor outside of anything.
    const outside = `series_id = ? AND NOT ifnull(
      timestamp >= ${Number.MIN_SAFE_INTEGER} AND timestamp < ${Number.MAX_SAFE_INTEGER}, 0)`;
    this.#outside = driver.prepare(
      `SELECT ${quoted.join(` || ' ' || `)} FROM ${table} WHERE ${outside}`,
    );
    this.#deleteOutside = driver.prepare(`DELETE FROM ${table} WHERE ${outside}`);
  }

  /**
   * Ascending, and as they are, sound or not. `expected` is a guess at how many there will be; optional
   * columns that the table does not have are left out.
   */
  read(
    seriesId: number,
    selection: CandleSelection,
    expected: number,
    optional: readonly OptionalColumn[] = this.#optional,
  ): CandleColumns {
    const { take, limit } = selection;
    let { from, to } = selection;
    const statement = take === 'first' ? this.#ascending : this.#descending;
    const builder = new ColumnBuilder(expected, optional);
    while (builder.length < limit) {
      const size = Math.min(READ_BLOCK, limit - builder.length);
      const rows = statement.all([seriesId, from, to, size]);
      builder.append(rows);
      const final = rows.at(-1);
      if (final === undefined || rows.length < size) break;
      if (!(from <= final[0] && final[0] < to)) throw outOfOrder();
      if (take === 'first') from = final[0] + 1;
      else to = final[0];
    }
    return builder.finish(take === 'first' ? 'as-appended' : 'reversed');
  }

  /**
   * The rows of some timestamps, which ascend, and of some between them. It jumps over rows that lie
   * between, so one late candle costs one look and not a scan.
   */
  at(seriesId: number, timestamp: Float64Array): CandleColumns {
    const builder = new ColumnBuilder(0, this.#optional);
    const end = (timestamp.at(-1) ?? Number.NaN) + 1;
    let look = FIRST_LOOK;
    let i = 0;
    for (let from = timestamp[i]; from !== undefined; from = timestamp[i]) {
      const rows = this.#ascending.all([seriesId, from, end, look]);
      builder.append(rows);
      let matches = 0;
      for (const [at] of rows) {
        while ((timestamp[i] ?? end) < at) i += 1;
        if (timestamp[i] !== at) continue;
        matches += 1;
        i += 1;
      }
      if (rows.length < look) break;
      if (timestamp[i] === from) throw outOfOrder();
      look = 2 * matches >= look ? Math.min(4 * look, READ_BLOCK) : FIRST_LOOK;
    }
    return builder.finish('as-appended');
  }

  /** Inserts candles, or has them take the place of others. */
  write(seriesId: number, columns: CandleColumns): void {
    const { timestamp, open, high, low, close, volume } = columns;
    const width = this.#width;
    const block: SqliteValue[] = new Array(INSERT_BLOCK * width).fill(null);
    let filled = 0;
    for (let i = 0; i < timestamp.length; i += 1) {
      block[filled] = seriesId;
      block[filled + 1] = timestamp[i] ?? null;
      block[filled + 2] = open[i] ?? null;
      block[filled + 3] = high[i] ?? null;
      block[filled + 4] = low[i] ?? null;
      block[filled + 5] = close[i] ?? null;
      block[filled + 6] = volume[i] ?? null;
      for (const [k, name] of this.#optional.entries()) {
        const value = columns[name]?.[i] ?? Number.NaN;
        block[filled + FIRST_OPTIONAL + k] = Number.isNaN(value) ? null : value;
      }
      filled += width;
      if (filled < block.length) continue;
      this.#insertBlock.run(block);
      filled = 0;
    }
    for (let start = 0; start < filled; start += width) {
      this.#insertOne.run(block.slice(start, start + width));
    }
  }

  /** Where the last `latest` rows begin; the smallest safe integer when there are no older ones. */
  horizon(seriesId: number, latest: number): EpochMs {
    return this.#latest.get([seriesId, latest - 1])?.[0] ?? Number.MIN_SAFE_INTEGER;
  }

  /** How many candles are in `[from, to)`, counted up to `most`. */
  count(seriesId: number, { from, to }: Interval, most: number): number {
    return this.#count.get([seriesId, from, to, most])?.[0] ?? 0;
  }

  /** Removes the candles in `[from, to)` and returns how many there were. */
  remove(seriesId: number, { from, to }: Interval): number {
    return this.#delete.run([seriesId, from, to]);
  }

  /** How many rows there are, also where none can be. */
  countAll(seriesId: number): number {
    return this.#all.get([seriesId])?.[0] ?? 0;
  }

  /** The values of rows beyond all time, as text. */
  outside(seriesId: number): string[] {
    return this.#outside.all([seriesId]).map(([values]) => values);
  }

  removeOutside(seriesId: number): number {
    return this.#deleteOutside.run([seriesId]);
  }

  extent(seriesId: number): CandleExtent | undefined {
    const first = this.#first.get([seriesId]);
    const last = this.#last.get([seriesId]);
    return first && last && { first: first[0], last: last[0] };
  }
}

/** Of a tree whose order is damaged: to read on from there could be without end. */
function outOfOrder(): BarkeepError {
  return new BarkeepError('CORRUPT', 'the rows of candles are out of order: restore a backup');
}
