/** What SQLite stores in one column of one row. */
export type SqliteValue = number | string | Uint8Array | null;

/** A row as an array, in the order of the columns that the SQL names. */
export type SqliteRow = readonly SqliteValue[];

/** A prepared statement. `Row` is what the caller's SQL yields; nothing checks it. */
export interface SqliteStatement<Row extends SqliteRow = SqliteRow> {
  /**
   * Runs it to its end and returns how many rows it inserted, changed or deleted: 0 for a statement
   * that changes none.
   */
  run(parameters: SqliteRow): number;
  /** The first row. Nothing stays open, however many there are. */
  get(parameters: SqliteRow): Row | undefined;
  all(parameters: SqliteRow): readonly Row[];
}

/**
 * One open connection to one database: all that the engine needs to know about an SQLite library.
 *
 * Every call is synchronous. Parameters are positional (`?`). Integers come back as numbers, those beyond
 * the safe ones as the nearest; reals bit for bit, save that −0 may become 0 and that NaN is stored as
 * null; texts and blobs as they are, also with U+0000 or empty. No blob shares memory with another.
 *
 * A failure, also of opening, is an `Error` whose `code` is the name of SQLite's (extended) result code,
 * such as `SQLITE_BUSY_SNAPSHOT`.
 *
 * `runSqliteDriverConformance` of `@barkeep/conformance/sqlite` tests all of this.
 */
export interface SqliteDriver {
  /** Whether a transaction is under way: SQLite ends one by itself after some errors. */
  readonly inTransaction: boolean;
  /** Runs statements that take no parameters, up to the first that fails; rows they yield are dropped. */
  exec(sql: string): void;
  prepare<Row extends SqliteRow>(sql: string): SqliteStatement<Row>;
  /**
   * Rolls back a transaction that is under way, and frees every statement and the connection with its
   * locks. Does nothing when it is closed; anything else throws an `Error` then.
   */
  close(): void;
}
