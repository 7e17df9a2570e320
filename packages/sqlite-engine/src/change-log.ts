import type { LoggedChange } from '@barkeep/candle-archive';
import type { Interval, SeriesKey, Timeframe } from '@barkeep/core';
import { WHOLE_TABLE } from './maintenance/statement-plan.ts';
import { readNumberPragma } from './pragma.ts';
import type { SqliteDriver, SqliteStatement } from './sqlite-driver.ts';

/** A change that another connection committed. */
export interface RemoteChange {
  readonly type: 'candles' | 'coverage';
  readonly key: SeriesKey;
  readonly interval: Interval;
}

export interface RemoteChanges {
  readonly changes: readonly RemoteChange[];
  /** Whether older changes had left the log before they were read: anything may have changed. */
  readonly lagged: boolean;
  /** Whether the log has further entries: read again. */
  readonly more: boolean;
}

type Row = readonly [
  id: number,
  writer: number,
  type: 'candles' | 'coverage',
  symbol: string,
  timeframe: Timeframe,
  from: number,
  to: number,
];

const KEPT_ENTRIES = 10_000;
const TRIM_EVERY = 1_000;
const PAGE = 500;
const NOTHING: RemoteChanges = Object.freeze({ changes: [], lagged: false, more: false });

/**
 * The table `change_log`: the latest changes to candles and coverage, at most 11,000 and those of one
 * write more. Each writer appends in its transactions; each reader follows from where it was.
 */
export class ChangeLog {
  readonly #driver: SqliteDriver;
  readonly #writer: number;
  readonly #append: SqliteStatement;
  readonly #trim: SqliteStatement;
  readonly #startAnew: SqliteStatement;
  readonly #newest: SqliteStatement<readonly [newest: number]>;
  readonly #bounds: SqliteStatement<readonly [oldest: number, newest: number]>;
  readonly #after: SqliteStatement<Row>;
  #dataVersion: number;
  #position: number;

  /** Follows the log from its present end. `writer` tells this instance's own entries from others'. */
  constructor(driver: SqliteDriver, writer: number) {
    this.#driver = driver;
    this.#writer = writer;
    this.#append = driver.prepare(
      `INSERT INTO change_log (id, writer, kind, series_id, from_time, to_time)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#startAnew = driver.prepare(
      `INSERT INTO change_log (id, writer, kind, series_id, from_time, to_time)
       SELECT max(?, 1 + ifnull((SELECT max(id) FROM change_log), 0)), ?, 'candles', id, 0, 0
       FROM series ${WHOLE_TABLE} LIMIT 1`,
    );
    this.#trim = driver.prepare('DELETE FROM change_log WHERE id <= ?');
    this.#newest = driver.prepare('SELECT ifnull(max(id), 0) FROM change_log');
    this.#bounds = driver.prepare(`SELECT ifnull((SELECT min(id) FROM change_log), 1),
              ifnull((SELECT max(id) FROM change_log), 0)`);
    this.#after = driver.prepare(
      `SELECT change_log.id, writer, kind, symbol, timeframe, from_time, to_time
       FROM change_log JOIN series ON series.id = series_id
       WHERE change_log.id > ? ORDER BY change_log.id LIMIT ${PAGE}`,
    );
    this.#dataVersion = this.#readDataVersion();
    this.#position = this.#readBounds().newest;
  }

  /** A number that tells two states of the log apart: it grows with every entry. */
  get newest(): number {
    return this.#newest.get([])?.[0] ?? 0;
  }

  /** Adds an entry to the transaction under way, with the number after the newest. */
  append(number: number, { kind, range }: LoggedChange, seriesId: number): void {
    this.#append.run([number, this.#writer, kind, seriesId, range.from, range.to]);
    if (number % TRIM_EVERY === 0) this.#trim.run([number - KEPT_ENTRIES]);
  }

  /**
   * Goes on from a number that no entry ever had, after the table was emptied: others, whose position is
   * in what is gone, then find that they were left behind.
   */
  startAnew(): void {
    this.#startAnew.run([Date.now(), this.#writer]);
  }

  /** What others committed since the last call. Costs next to nothing when nobody did. */
  readNews(): RemoteChanges {
    const version = this.#readDataVersion();
    if (version === this.#dataVersion) return NOTHING;
    const { oldest, newest } = this.#readBounds();
    if (oldest > this.#position + 1) {
      this.#position = newest;
      this.#dataVersion = version;
      return { changes: [], lagged: true, more: false };
    }
    const rows = this.#after.all([this.#position]);
    this.#position = rows.at(-1)?.[0] ?? this.#position;
    const more = rows.length === PAGE;
    if (!more) this.#dataVersion = version;
    return { changes: this.#remote(rows), lagged: false, more };
  }

  #remote(rows: readonly Row[]): RemoteChange[] {
    return rows
      .filter(([, writer]) => writer !== this.#writer)
      .map(([, , type, symbol, timeframe, from, to]) => ({
        type,
        key: { symbol, timeframe },
        interval: { from, to },
      }));
  }

  #readDataVersion(): number {
    return readNumberPragma(this.#driver, 'data_version');
  }

  #readBounds(): { readonly oldest: number; readonly newest: number } {
    const [oldest, newest] = this.#bounds.get([]) ?? [1, 0];
    return { oldest, newest };
  }
}
