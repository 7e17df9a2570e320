import type { SqliteDriver, SqliteRow, SqliteStatement } from '@barkeep/sqlite-engine';
import fc, { type Arbitrary } from 'fast-check';
import { assertEqual } from '../assertions.ts';
import { assertFails } from './driver-script.ts';

type Rows = readonly SqliteRow[];

/** What is done to the table `t`, as plain data; `BEGIN`, `COMMIT` and `ROLLBACK` are what they say. */
export type DriverCommand =
  | { readonly do: keyof typeof INSERTS; readonly rows: Rows }
  | { readonly do: 'remove'; readonly from: number; readonly to: number }
  | { readonly do: 'alter' | Transaction };

type Transaction = 'BEGIN' | 'COMMIT' | 'ROLLBACK';

export const TABLE = 'CREATE TABLE t (id INTEGER PRIMARY KEY, i INTEGER, r REAL, s TEXT, b BLOB)';
const INSERTS = {
  put: 'INSERT OR REPLACE',
  add: 'INSERT',
  'add-or-rollback': 'INSERT OR ROLLBACK',
} as const;

/** Values that libraries have got wrong. */
const INTEGERS = [0, -1, 2 ** 31, -(2 ** 31) - 1, 1_700_000_000_000, Number.MIN_SAFE_INTEGER];
const REALS = [0.1, 5e-324, Number.MAX_VALUE, Number.NEGATIVE_INFINITY, Number.NaN];
const TEXTS = ['', 'a\0b', '\u00e9', 'e\u0301', '비트코인 😀', "'; --", 'x'.repeat(9_000)];
const BLOBS = [[], [0], [0, 255], Array(9_000).fill(1)].map((bytes) => Uint8Array.from(bytes));

const column = <T>(known: readonly T[], other: Arbitrary<T>): Arbitrary<T | null> =>
  fc.option(fc.oneof(fc.constantFrom(...known), other), { freq: 8 });
const id = fc.nat({ max: 12 });
const row: Arbitrary<SqliteRow> = fc.tuple(
  id,
  column(INTEGERS, fc.maxSafeInteger()),
  // SQLite itself stores −0 as 0 in a column of reals.
  column(
    REALS,
    fc.double().map((value) => value + 0),
  ),
  column(TEXTS, fc.string({ unit: 'grapheme' })),
  column(BLOBS, fc.uint8Array()),
);

export const driverCommands: Arbitrary<DriverCommand[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constantFrom('put', 'add', 'add-or-rollback'),
      rows: fc.array(row, { minLength: 1, maxLength: 4 }),
    }),
    fc.record({ do: fc.constant('remove'), from: id, to: id }),
    fc.record({ do: fc.constantFrom('BEGIN', 'COMMIT', 'ROLLBACK', 'alter') }),
  ),
  { minLength: 1, maxLength: 25 },
);

/** Does what it is told, and compares each answer with a plain model. */
export class DriverModelRun {
  readonly #driver: SqliteDriver;
  readonly #statements = new Map<string, SqliteStatement>();
  #rows: Rows = [];
  /** What a rollback goes back to, and others see; `undefined` outside of transactions. */
  #committed: Rows | undefined;

  constructor(driver: SqliteDriver) {
    this.#driver = driver;
  }

  /** The observer is another connection, which sees what is committed. */
  execute(commands: readonly DriverCommand[], observer: SqliteDriver | undefined): void {
    if (this.#driver.inTransaction) this.#driver.exec('ROLLBACK');
    this.#driver.exec('DELETE FROM t');
    const all = 'SELECT * FROM t ORDER BY id';
    const [own, others] = [this.#driver.prepare(all), observer?.prepare(all)];
    const answers: [rows: Rows, expected: Rows][] = [];
    for (const command of commands) {
      const what = `after ${command.do}`;
      if ('rows' in command) this.#insert(command.do, command.rows);
      else if ('from' in command) this.#remove(command.from, command.to);
      else if (command.do === 'alter') this.#alter(own);
      else this.#transact(command.do);
      const isWithin = this.#committed !== undefined;
      const committed = this.#committed ?? this.#rows;
      const rows = own.all([]);
      assertEqual(rows, this.#rows, `the rows ${what}`);
      assertEqual(own.get([]), this.#rows[0], `the first row ${what}`);
      assertEqual(others?.all([]) ?? committed, committed, `what another connection sees ${what}`);
      assertEqual(this.#driver.inTransaction, isWithin, `inTransaction ${what}`);
      answers.push([rows, this.#rows]);
    }
    for (const [rows, expected] of answers) {
      assertEqual(rows, expected, 'rows that were given earlier, after other calls');
    }
  }

  #insert(kind: keyof typeof INSERTS, rows: Rows): void {
    const places = rows.map(() => '(?, ?, ?, ?, ?)').join();
    const statement = this.#statement(`${INSERTS[kind]} INTO t VALUES ${places}`);
    const added = rows.map((one) => one.map((value) => (Number.isNaN(value) ? null : value)));
    const table = new Map([...this.#rows, ...added].map((one) => [Number(one[0]), one]));
    const run = (): number => runWithViews(statement, rows.flat());
    if (kind === 'put' || table.size === this.#rows.length + rows.length) {
      assertEqual(run(), rows.length, `the count of ${kind}`);
      this.#rows = [...table.values()].sort(([one], [other]) => Number(one) - Number(other));
      return;
    }
    assertFails(run, 'SQLITE_CONSTRAINT_', `${kind} of a key that is there`);
    if (kind === 'add-or-rollback') this.#rollBack();
  }

  #remove(from: number, to: number): void {
    const kept = this.#rows.filter(([key]) => Number(key) < from || Number(key) >= to);
    const count = this.#statement('DELETE FROM t WHERE id >= ? AND id < ?').run([from, to]);
    assertEqual(count, this.#rows.length - kept.length, 'the count of remove');
    this.#rows = kept;
  }

  /** With another schema a statement that was prepared before gives other columns. */
  #alter(all: SqliteStatement): void {
    this.#driver.exec('ALTER TABLE t ADD COLUMN x DEFAULT 1');
    const expected = this.#rows.map((one) => [...one, 1]);
    assertEqual(all.all([]), expected, 'the rows with one more column');
    this.#driver.exec('ALTER TABLE t DROP COLUMN x');
  }

  #transact(kind: Transaction): void {
    const run = (): void => this.#driver.exec(kind);
    if ((kind === 'BEGIN') === (this.#committed !== undefined)) {
      assertFails(run, 'SQLITE_ERROR', `${kind} at the wrong time`);
      return;
    }
    run();
    if (kind === 'ROLLBACK') this.#rollBack();
    else this.#committed = kind === 'BEGIN' ? this.#rows : undefined;
  }

  /** Prepared once, and used again. */
  #statement(sql: string): SqliteStatement {
    const statement = this.#statements.get(sql) ?? this.#driver.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #rollBack(): void {
    this.#rows = this.#committed ?? this.#rows;
    this.#committed = undefined;
  }
}

/** Its blobs are views of a part of their buffer, which is used for something else afterwards. */
function runWithViews(statement: SqliteStatement, parameters: SqliteRow): number {
  const views = parameters.map((value) =>
    value instanceof Uint8Array ? Uint8Array.of(7, ...value, 7).subarray(1, -1) : value,
  );
  try {
    return statement.run(views);
  } finally {
    for (const view of views) if (view instanceof Uint8Array) view.fill(9);
  }
}
