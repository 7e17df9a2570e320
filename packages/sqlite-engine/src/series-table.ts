import type { EpochMs, SeriesKey, Timeframe } from '@barkeep/core';
import type { SeriesFilter, SeriesInfo } from '@barkeep/storage';
import type { SqliteDriver, SqliteRow, SqliteStatement } from './sqlite-driver.ts';

/** A stored series: its number and its counters. */
export interface SeriesRow {
  readonly id: number;
  readonly key: SeriesKey;
  /** Its candles, in rows or segments: a timestamp counts once. */
  readonly count: number;
  /** Its rows in `candle_rows`, with those that overlay a segment's candle. */
  readonly rowCount: number;
  /** Null when the series has no candles. */
  readonly first: EpochMs | null;
  readonly last: EpochMs | null;
}

type Row = readonly [
  id: number,
  count: number,
  rowCount: number,
  first: number | null,
  last: number | null,
];
type ListRow = readonly [
  symbol: string,
  timeframe: Timeframe,
  count: number,
  first: number,
  last: number,
];

/** The table `series`: which series there are, and how many candles each has from when to when. */
export class SeriesTable {
  readonly #find: SqliteStatement<Row>;
  readonly #insert: SqliteStatement;
  readonly #update: SqliteStatement;
  readonly #list: SqliteStatement<ListRow>;
  readonly #keys: SqliteStatement<readonly [symbol: string, timeframe: Timeframe]>;
  readonly #totals: SqliteStatement<readonly [series: number, candles: number]>;

  constructor(driver: SqliteDriver) {
    this.#find = driver.prepare(
      'SELECT id, count, row_count, first, last FROM series WHERE symbol = ? AND timeframe = ?',
    );
    this.#insert = driver.prepare('INSERT INTO series (symbol, timeframe) VALUES (?, ?)');
    this.#update = driver.prepare(
      'UPDATE series SET count = ?, row_count = ?, first = ?, last = ? WHERE id = ?',
    );
    this.#list = driver.prepare(
      `SELECT symbol, timeframe, count, first, last FROM series
       WHERE count > 0 AND symbol = ifnull(?, symbol) AND timeframe = ifnull(?, timeframe)`,
    );
    this.#keys = driver.prepare('SELECT symbol, timeframe FROM series ORDER BY id');
    this.#totals = driver.prepare(
      'SELECT count(*), ifnull(sum(count), 0) FROM series WHERE count > 0',
    );
  }

  find(key: SeriesKey): SeriesRow | undefined {
    const row = this.#find.get([key.symbol, key.timeframe]);
    if (row === undefined) return undefined;
    return { id: row[0], key, count: row[1], rowCount: row[2], first: row[3], last: row[4] };
  }

  findOrCreate(key: SeriesKey): SeriesRow {
    const known = this.find(key);
    if (known !== undefined) return known;
    this.#insert.run([key.symbol, key.timeframe]);
    return this.findOrCreate(key);
  }

  update({ id, count, rowCount, first, last }: Omit<SeriesRow, 'key'>): void {
    this.#update.run([count, rowCount, first, last, id]);
  }

  /** The series that have candles. */
  list({ symbol, timeframe }: SeriesFilter): SeriesInfo[] {
    return this.#list.all([symbol ?? null, timeframe ?? null] satisfies SqliteRow).map((row) => ({
      symbol: row[0],
      timeframe: row[1],
      count: row[2],
      first: row[3],
      last: row[4],
    }));
  }

  /** Every series, also those without candles. */
  keys(): SeriesKey[] {
    return this.#keys.all([]).map(([symbol, timeframe]) => ({ symbol, timeframe }));
  }

  totals(): { readonly series: number; readonly candles: number } {
    const [series, candles] = this.#totals.get([]) ?? [0, 0];
    return { series, candles };
  }
}
