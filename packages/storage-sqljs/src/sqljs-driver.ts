import { systemCode } from '@barkeep/core';
import type { SqliteDriver, SqliteRow, SqliteStatement, SqliteValue } from '@barkeep/sqlite-engine';
import type { Database, SqlJsStatic, Statement } from 'sql.js';
import { resultName } from './result-name.ts';

/** Taking a snapshot opens the database anew; these are lost then, and so is `query_only`. */
const SETTINGS =
  'PRAGMA journal_mode = memory; PRAGMA synchronous = off; PRAGMA foreign_keys = OFF';

/** Statements of which SQLite counts the changes; after others it still has the count of one before. */
const CHANGE = /^\s*(?:insert|replace|update|delete)\b/i;

/** sql.js as the engine sees it: a database in memory. Blocks its thread. */
export class SqlJsDriver implements SqliteDriver {
  readonly #database: Database;
  /** Grows with each snapshot, which frees all statements. */
  #generation = 0;
  #isClosed = false;

  /** Without `bytes` the database is new. They are copied. */
  constructor(sql: SqlJsStatic, bytes: Uint8Array | undefined) {
    this.#database = new sql.Database(bytes);
    reportResultCodes(this.#database);
  }

  /** sql.js does not tell; but a transaction can only begin where there is none. */
  get inTransaction(): boolean {
    try {
      this.#database.run('BEGIN');
    } catch (error) {
      // This is what it says of a second BEGIN. Anything else, such as no memory, tells nothing.
      if (systemCode(error) === 'SQLITE_ERROR') return true;
      throw error;
    }
    this.#database.run('ROLLBACK');
    return false;
  }

  exec(sql: string): void {
    this.#assertOpen();
    this.#database.exec(sql);
  }

  prepare<Row extends SqliteRow>(sql: string): SqliteStatement<Row> {
    this.#assertOpen();
    let prepared = this.#database.prepare(sql);
    let generation = this.#generation;
    const statement = (): Statement => {
      this.#assertOpen();
      if (generation !== this.#generation) prepared = this.#database.prepare(sql);
      generation = this.#generation;
      return prepared;
    };
    const rows = function* (parameters: SqliteRow): Generator<Row, void, void> {
      const current = statement();
      try {
        current.bind([...parameters]);
        // What the columns are is up to the SQL, as everywhere behind this interface.
        while (current.step()) yield current.get() as unknown as Row;
      } finally {
        current.reset();
      }
    };
    const mayChangeNothing = !CHANGE.test(sql);
    return {
      run: (parameters) => {
        const before = mayChangeNothing && this.#totalChanges();
        for (const _ of rows(parameters));
        const hasChanged = before !== (mayChangeNothing && this.#totalChanges());
        return mayChangeNothing && !hasChanged ? 0 : this.#database.getRowsModified();
      },
      get: (parameters) => {
        for (const row of rows(parameters)) return row;
        return undefined;
      },
      all: (parameters) => [...rows(parameters)],
    };
  }

  /** The whole database as the bytes of a file. Not to be called in a transaction. */
  snapshot(): Uint8Array {
    const [queryOnly = 0] = this.prepare<readonly [number]>('PRAGMA query_only').get([]) ?? [];
    try {
      return this.#database.export();
    } finally {
      this.#generation += 1;
      this.#database.exec(`${SETTINGS}; PRAGMA query_only = ${queryOnly}`);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#database.close();
  }

  /** What sql.js says of a closed one is no Error. */
  #assertOpen(): void {
    if (this.#isClosed) throw new Error('the database is closed');
  }

  #totalChanges(): SqliteValue | undefined {
    this.#assertOpen();
    return this.#database.exec('SELECT total_changes()')[0]?.values[0]?.[0];
  }
}

/** The errors of sql.js have a message only; where it makes them, it knows the code. */
function reportResultCodes(database: Database): void {
  // Its types leave the parameter out.
  const reporting = database as unknown as { handleError(code: number): unknown };
  const handleError = reporting.handleError.bind(database);
  reporting.handleError = (code) => {
    try {
      return handleError(code);
    } catch (error) {
      const name = resultName(code);
      if (name === undefined) throw error;
      const { message } = error as Error;
      const [, constraint] = /^(\w+(?: \w+)?) constraint failed/.exec(message) ?? [];
      const kind = constraint === undefined ? '' : `_${constraint.replace(' ', '')}`;
      throw Object.assign(error as Error, { code: `${name}${kind}` });
    }
  };
}
