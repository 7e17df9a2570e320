/** What SQLite stores in one column of one row. */
export type SqliteValue = number | bigint | string | Uint8Array | null;

/** A row as an array, in the order of the columns that the SQL names. */
export type SqliteRow = readonly SqliteValue[];

/** A prepared statement. `Row` is what the caller's SQL yields; nothing checks it. */
export interface SqliteStatement<Row extends SqliteRow = SqliteRow> {
  /** Runs it to its end and returns how many rows it inserted, changed or deleted. */
  run(parameters: SqliteRow): number;
  /** The first row. */
  get(parameters: SqliteRow): Row | undefined;
  all(parameters: SqliteRow): readonly Row[];
}

/**
 * One open connection to one database: all that the engine needs to know about an SQLite library.
 *
 * Every call is synchronous. Parameters are positional (`?`), integers come back as numbers, reals
 * bit for bit. A failure is an `Error` whose `code` is the name of SQLite's (extended) result code,
 * such as `SQLITE_BUSY_SNAPSHOT`.
 */
export interface SqliteDriver {
  /** Whether a transaction is under way: SQLite ends one by itself after some errors. */
  readonly inTransaction: boolean;
  /** Runs statements that take no parameters; rows they yield are dropped. */
  exec(sql: string): void;
  prepare<Row extends SqliteRow>(sql: string): SqliteStatement<Row>;
  /** Frees every statement and the connection. */
  close(): void;
}
