import type { SeriesCounters, SeriesIdentity, SeriesRow } from '@barkeep/candle-archive';
import {
  BarkeepError,
  isTimeframe,
  type OptionalColumn,
  REQUIRED_COLUMNS,
  type SeriesKey,
  type Timeframe,
  timeframeGrid,
} from '@barkeep/core';
import type { SeriesFilter, SeriesInfo } from '@barkeep/storage';
import { WHOLE_TABLE } from './maintenance/statement-plan.ts';
import type { SqliteDriver, SqliteRow, SqliteStatement } from './sqlite-driver.ts';
import { columnBits, columnsOfBits } from './wide-columns.ts';

/** A series as the table has it, whatever its timeframe says. */
export interface StoredSeries {
  readonly id: number;
  readonly symbol: string;
  readonly timeframe: string;
}

/** Before the timeframe of a series that was set apart: no call asks for it, and nothing lists it. */
const SET_APART = 'damaged:';

/** The tables whose rows belong to series. */
const BELONGING = [
  'candle_rows',
  'wide_candle_rows',
  'segments',
  'damaged_segments',
  'coverage',
  'revisions',
  'change_log',
] as const;

type Row = readonly [
  id: number,
  count: number,
  rowCount: number,
  first: number | null,
  last: number | null,
  columns: number,
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
  readonly #driver: SqliteDriver;
  readonly #find: SqliteStatement<Row>;
  readonly #insert: SqliteStatement;
  readonly #update: SqliteStatement;
  readonly #list: SqliteStatement<ListRow>;
  readonly #stored: SqliteStatement<readonly [id: number, symbol: string, timeframe: string]>;
  readonly #timeframes: SqliteStatement<
    readonly [timeframe: string, first: number | null, last: number | null]
  >;
  readonly #setColumns: SqliteStatement;
  readonly #widen: readonly SqliteStatement[];
  readonly #rename: SqliteStatement;
  readonly #adoptOrphans: readonly SqliteStatement[];
  readonly #totals: SqliteStatement<readonly [series: number, candles: number]>;

  constructor(driver: SqliteDriver) {
    this.#driver = driver;
    this.#find = driver.prepare(
      'SELECT id, count, row_count, first, last, columns FROM series WHERE symbol = ? AND timeframe = ?',
    );
    // Not a number that anything belongs to whose series is lost: it would come back under another name.
    const taken = ['candle_rows', 'wide_candle_rows', 'segments', 'coverage', 'revisions'].map(
      (table) => `(SELECT max(series_id) FROM ${table} WHERE series_id < 1000000000000)`,
    );
    this.#insert = driver.prepare(
      `INSERT INTO series (id, symbol, timeframe)
       SELECT 1 + max(0, ${['(SELECT max(id) FROM series)', ...taken].map((id) => `ifnull(${id}, 0)`).join(', ')}), ?, ?`,
    );
    this.#update = driver.prepare(
      'UPDATE series SET count = ?, row_count = ?, first = ?, last = ? WHERE id = ?',
    );
    this.#list = driver.prepare(
      `SELECT symbol, timeframe, count, first, last FROM series ${WHOLE_TABLE}
       WHERE count > 0 AND symbol = ifnull(?, symbol) AND timeframe = ifnull(?, timeframe)`,
    );
    this.#stored = driver.prepare(
      `SELECT id, symbol, timeframe FROM series NOT INDEXED ${WHOLE_TABLE} ORDER BY id`,
    );
    this.#timeframes = driver.prepare('SELECT timeframe, first, last FROM series WHERE symbol = ?');
    this.#setColumns = driver.prepare('UPDATE series SET columns = ? WHERE id = ?');
    const names = ['series_id', ...REQUIRED_COLUMNS].join(', ');
    this.#widen = [
      `INSERT OR REPLACE INTO wide_candle_rows (${names}) SELECT ${names} FROM candle_rows WHERE series_id = ?`,
      'DELETE FROM candle_rows WHERE series_id = ?',
    ].map((sql) => driver.prepare(sql));
    this.#rename = driver.prepare('UPDATE series SET timeframe = ? WHERE id = ?');
    this.#adoptOrphans = BELONGING.map((table) =>
      driver.prepare(
        `INSERT INTO series (id, symbol, timeframe)
         SELECT DISTINCT series_id, 'series ' || series_id, '${SET_APART}' || series_id || ':'
         FROM ${table} ${WHOLE_TABLE} WHERE series_id NOT IN (SELECT id FROM series)`,
      ),
    );
    this.#totals = driver.prepare(
      `SELECT count(*), ifnull(sum(count), 0) FROM series ${WHOLE_TABLE}
       WHERE count > 0 AND timeframe NOT LIKE '${SET_APART}%'`,
    );
  }

  /** @throws BarkeepError `CORRUPT` when it may be there under a damaged timeframe. */
  find(key: SeriesKey): SeriesRow | undefined {
    const row = this.#find.get([key.symbol, key.timeframe]);
    if (row !== undefined) {
      const [id, count, rowCount, first, last, columns] = row;
      return { id, key, count, rowCount, first, last, optional: columnsOfBits(columns) };
    }
    for (const [timeframe, ...extent] of this.#timeframes.all([key.symbol])) {
      if (!isReadable(key.symbol, timeframe)) continue;
      const grid = timeframeGrid(timeframe);
      if (extent.some((at) => at !== null && !grid.isAligned(at)))
        throw damaged(key.symbol, timeframe);
    }
    return undefined;
  }

  findOrCreate(key: SeriesKey): SeriesRow {
    const known = this.find(key);
    if (known !== undefined) return known;
    this.#insert.run([key.symbol, key.timeframe]);
    return this.findOrCreate(key);
  }

  update(id: number, { count, rowCount, first, last }: SeriesCounters): void {
    this.#update.run([count, rowCount, first, last, id]);
  }

  /** Its rows move to the table of those with optional columns when it gets its first. */
  setOptional({ id, optional }: SeriesIdentity, columns: readonly OptionalColumn[]): void {
    this.#setColumns.run([columnBits(columns), id]);
    if (optional.length === 0) for (const move of this.#widen) move.run([id]);
  }

  /** The series that have candles. @throws BarkeepError `CORRUPT` when the timeframe of one is damaged. */
  list({ symbol, timeframe }: SeriesFilter): SeriesInfo[] {
    return this.#list
      .all([symbol ?? null, timeframe ?? null] satisfies SqliteRow)
      .filter((row) => isReadable(row[0], row[1]))
      .map(([name, unit, count, first, last]) => ({
        symbol: name,
        timeframe: unit,
        count,
        first,
        last,
      }));
  }

  /** Every series, also those without candles, that was not set apart. */
  stored(): StoredSeries[] {
    return this.#stored
      .all([])
      .map(([id, symbol, timeframe]) => ({
        id,
        symbol: String(symbol),
        timeframe: String(timeframe),
      }))
      .filter(({ timeframe }) => !timeframe.startsWith(SET_APART));
  }

  /** Every series that can be asked for, also those without candles. */
  keys(): SeriesKey[] {
    return this.stored().flatMap(({ symbol, timeframe }) =>
      isTimeframe(timeframe) ? [{ symbol, timeframe }] : [],
    );
  }

  /** Gives a series another timeframe. */
  rename(id: number, timeframe: Timeframe): void {
    this.#rename.run([timeframe, id]);
  }

  /** Takes a series out of the way of every call, with all that belongs to it. */
  setApart({ id, timeframe }: StoredSeries): void {
    this.#rename.run([`${SET_APART}${id}:${timeframe}`, id]);
  }

  /**
   * The series that the index of names does not know by the name that the table has: one of the two is
   * damaged, and nobody can tell which.
   */
  contradicted(): StoredSeries[] {
    const names = new Set(
      this.#driver
        .prepare<readonly [symbol: string, timeframe: string]>(
          'SELECT symbol, timeframe FROM series INDEXED BY sqlite_autoindex_series_1 ORDER BY symbol, timeframe',
        )
        .all([])
        .map((name) => JSON.stringify(name)),
    );
    return this.stored().filter(
      ({ symbol, timeframe }) => !names.has(JSON.stringify([symbol, timeframe])),
    );
  }

  /** Makes series that are out of the way for what belongs to lost ones; returns how many. */
  adoptOrphans(): number {
    return this.#adoptOrphans.reduce((sum, adopt) => sum + adopt.run([]), 0);
  }

  totals(): { readonly series: number; readonly candles: number } {
    const [series, candles] = this.#totals.get([]) ?? [0, 0];
    return { series, candles };
  }
}

/** Whether a series can be asked for; it cannot when it was set apart. @throws BarkeepError `CORRUPT` */
function isReadable(symbol: string, timeframe: string): timeframe is Timeframe {
  if (isTimeframe(timeframe)) return true;
  // Damage may have made another type of it.
  if (String(timeframe).startsWith(SET_APART)) return false;
  throw damaged(symbol, timeframe);
}

function damaged(symbol: string, timeframe: string): BarkeepError {
  return new BarkeepError(
    'CORRUPT',
    `a series of ${symbol} is damaged: its timeframe says ${timeframe}. integrity.repair finds it out, or sets the series apart`,
    { details: { symbol, timeframe } },
  );
}
