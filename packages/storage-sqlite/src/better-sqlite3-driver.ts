import type { SqliteDriver, SqliteRow, SqliteStatement } from '@barkeep/sqlite-engine';
import Database from 'better-sqlite3';

export interface BetterSqlite3Options {
  /** An absolute path. */
  readonly path: string;
  /** How long to wait for another connection's lock. */
  readonly busyTimeoutMs: number;
  /** Whether it makes the file where there is none. Default: true. */
  readonly mayCreate?: boolean | undefined;
  /** Whether this connection has the file for itself, with the index of the WAL in memory. Default: false. */
  readonly isAlone?: boolean | undefined;
}

/** better-sqlite3 as the engine sees it. Blocks its thread: for worker threads only. */
export class BetterSqlite3Driver implements SqliteDriver {
  readonly #database: Database.Database;

  constructor({ path, busyTimeoutMs, mayCreate = true, isAlone = false }: BetterSqlite3Options) {
    try {
      this.#database = new Database(path, { timeout: busyTimeoutMs, fileMustExist: !mayCreate });
    } catch (error) {
      // Of a directory that is not there it does not say what SQLite would.
      throw error instanceof TypeError ? Object.assign(error, { code: 'SQLITE_CANTOPEN' }) : error;
    }
    if (isAlone) this.#database.pragma('locking_mode = EXCLUSIVE');
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  prepare<Row extends SqliteRow>(sql: string): SqliteStatement<Row> {
    const statement = this.#database.prepare<SqliteRow, Row>(sql);
    if (statement.reader) statement.raw(true);
    return {
      run: (parameters) => statement.run(parameters).changes,
      get: (parameters) => statement.get(parameters),
      all: (parameters) => statement.all(parameters),
    };
  }

  close(): void {
    this.#database.close();
  }
}
