import type { SqliteDriver, SqliteRow, SqliteStatement } from '@barkeep/sqlite-engine';
import fc from 'fast-check';
import { assertEqual } from '../../assertions.ts';
import { assertFails } from './driver-subject.ts';

/** What is done to the table `t`, as plain data. */
export type DriverCommand =
  | { readonly do: 'put' | 'add' | 'add-or-rollback'; readonly rows: readonly SqliteRow[] }
  | { readonly do: 'remove'; readonly from: number; readonly to: number }
  | { readonly do: keyof typeof TRANSACTIONS };

const TRANSACTIONS = {
  begin: 'BEGIN',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  savepoint: 'SAVEPOINT p',
  'rollback-to': 'ROLLBACK TO p',
  release: 'RELEASE p',
} as const;
const INSERTS = { put: 'OR REPLACE', add: '', 'add-or-rollback': 'OR ROLLBACK' } as const;

export const TABLE = 'CREATE TABLE t (id INTEGER PRIMARY KEY, i INTEGER, r REAL, s TEXT, b BLOB)';

/** Values that libraries have got wrong, by column. */
const INTEGERS = [0, -1, 2 ** 31, -(2 ** 31) - 1, 1_700_000_000_000, Number.MIN_SAFE_INTEGER];
const REALS = [0, 0.1, 5e-324, Number.MAX_VALUE, Number.NEGATIVE_INFINITY, 123_456_789.123_456_78];
const TEXTS = ['', 'a\0b', '\u00e9', 'e\u0301', '비트코인 😀', "'; --", 'x'.repeat(9_000)];
const BLOBS = [[], [0], [0, 255], Array(9_000).fill(1)].map((bytes) => Uint8Array.from(bytes));

const column = <T>(known: readonly T[], other: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(fc.oneof(fc.constantFrom(...known), other), { freq: 8 });
const id = fc.nat({ max: 12 });
const row: fc.Arbitrary<SqliteRow> = fc.tuple(
  id,
  column(INTEGERS, fc.maxSafeInteger()),
  // SQLite itself stores −0 as 0 in a column of reals.
  column(
    [...REALS, Number.NaN],
    fc.double().map((value) => value + 0),
  ),
  column(TEXTS, fc.string({ unit: 'grapheme' })),
  column(BLOBS, fc.uint8Array()),
);
const names = <T extends object>(table: T) =>
  fc.constantFrom(...(Object.keys(table) as (keyof T)[]));

export const driverCommands: fc.Arbitrary<DriverCommand[]> = fc.array(
  fc.oneof(
    fc.record({ do: names(INSERTS), rows: fc.array(row, { minLength: 1, maxLength: 4 }) }),
    fc.record({ do: fc.constant('remove'), from: id, to: id }),
    fc.record({ do: names(TRANSACTIONS) }),
  ),
  { minLength: 1, maxLength: 25 },
);

type Table = readonly SqliteRow[];

/** Does what it is told, and compares each answer with a plain model. */
export class DriverModelRun {
  readonly #driver: SqliteDriver;
  readonly #statements = new Map<string, SqliteStatement>();
  #table: Table = [];
  /** What BEGIN, if it began with that, and each savepoint go back to. */
  #points: readonly Table[] = [];
  #hasBegun = false;

  constructor(driver: SqliteDriver) {
    this.#driver = driver;
  }

  /** The observer is another connection, which sees what is committed. */
  execute(commands: readonly DriverCommand[], observer?: SqliteDriver): void {
    if (this.#driver.inTransaction) this.#driver.exec('ROLLBACK');
    this.#driver.exec('DELETE FROM t');
    const all = 'SELECT * FROM t ORDER BY id';
    const [own, others] = [this.#driver.prepare(all), observer?.prepare(all)];
    const answers: [rows: Table, expected: Table][] = [];
    for (const command of commands) {
      const what = `after ${command.do}`;
      if ('rows' in command) this.#insert(command.do, command.rows);
      else if ('from' in command) this.#remove(command.from, command.to);
      else this.#transact(command.do);
      const [committed = this.#table] = this.#points;
      assertEqual(this.#driver.inTransaction, this.#points.length > 0, `inTransaction ${what}`);
      answers.push([own.all([]), this.#table]);
      assertEqual(answers.at(-1)?.[0], this.#table, `the rows ${what}`);
      assertEqual(own.get([]), this.#table[0], `the first row ${what}`);
      assertEqual(others?.all([]) ?? committed, committed, `what another connection sees ${what}`);
    }
    for (const [rows, expected] of answers) {
      assertEqual(rows, expected, 'rows that were given earlier, after other calls');
    }
  }

  #insert(kind: keyof typeof INSERTS, rows: readonly SqliteRow[]): void {
    const places = rows.map(() => '(?, ?, ?, ?, ?)').join();
    const sql = `INSERT ${INSERTS[kind]} INTO t VALUES ${places}`;
    const run = (): number => runWithCopies(this.#statement(sql), rows.flat());
    const added = rows.map((one) => one.map((value) => (Number.isNaN(value) ? null : value)));
    const table = new Map([...this.#table, ...added].map((one) => [Number(one[0]), one]));
    if (kind === 'put' || table.size === this.#table.length + rows.length) {
      assertEqual(run(), rows.length, `the count of ${kind}`);
      this.#table = [...table.values()].sort(([one], [other]) => Number(one) - Number(other));
      return;
    }
    assertFails(run, 'SQLITE_CONSTRAINT_', `${kind} of a key that is there`);
    if (kind === 'add-or-rollback') this.#rollBack();
  }

  #remove(from: number, to: number): void {
    const kept = this.#table.filter(([key]) => Number(key) < from || Number(key) >= to);
    const statement = this.#statement('DELETE FROM t WHERE id >= ? AND id < ?');
    const count = this.#table.length - kept.length;
    assertEqual(statement.run([from, to]), count, 'the count of remove');
    this.#table = kept;
  }

  #transact(kind: keyof typeof TRANSACTIONS): void {
    const run = (): void => this.#driver.exec(TRANSACTIONS[kind]);
    const depth = this.#points.length;
    const hasPoint = depth > (this.#hasBegun ? 1 : 0);
    const needs = {
      begin: depth === 0,
      savepoint: true,
      'rollback-to': hasPoint,
      release: hasPoint,
    };
    if (!{ ...needs, commit: depth > 0, rollback: depth > 0 }[kind]) {
      assertFails(run, 'SQLITE_ERROR', `${kind} at the wrong time`);
      return;
    }
    run();
    if (depth === 0) this.#hasBegun = kind === 'begin';
    if (kind === 'begin' || kind === 'savepoint') this.#points = [...this.#points, this.#table];
    if (kind === 'commit') this.#points = [];
    if (kind === 'rollback') this.#rollBack();
    if (kind === 'rollback-to') this.#table = this.#points.at(-1) ?? [];
    if (kind === 'release') this.#points = this.#points.slice(0, -1);
  }

  /** Prepared once, and used again. */
  #statement(sql: string): SqliteStatement {
    const statement = this.#statements.get(sql) ?? this.#driver.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #rollBack(): void {
    [this.#table = this.#table] = this.#points;
    this.#points = [];
  }
}

/** Its blobs are views of a part of their buffer, which is used for something else afterwards. */
function runWithCopies(statement: SqliteStatement, parameters: SqliteRow): number {
  const buffers: Uint8Array[] = [];
  const copies = parameters.map((value) => {
    if (!(value instanceof Uint8Array)) return value;
    const buffer = Uint8Array.of(7, ...value, 7);
    buffers.push(buffer);
    return buffer.subarray(1, -1);
  });
  try {
    return statement.run(copies);
  } finally {
    for (const buffer of buffers) buffer.fill(9);
  }
}
