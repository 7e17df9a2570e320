import type { SqliteDriver, SqliteRow } from '@barkeep/sqlite-engine';
import fc from 'fast-check';
import { assertEqual } from '../../assertions.ts';
import { assertFails } from './driver-subject.ts';

/** What is done to the table `t`, as plain data. */
export type DriverCommand =
  | { readonly do: 'put' | 'add' | 'add-or-rollback'; readonly rows: readonly SqliteRow[] }
  | { readonly do: 'read' | 'remove'; readonly from: number; readonly to: number }
  | { readonly do: keyof typeof TRANSACTIONS };

const TRANSACTIONS = {
  begin: 'BEGIN',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  savepoint: 'SAVEPOINT p',
  'rollback-to': 'ROLLBACK TO p',
  release: 'RELEASE p',
} as const;

export const TABLE = 'CREATE TABLE t (id INTEGER PRIMARY KEY, i INTEGER, r REAL, s TEXT, b BLOB)';

/** Values that libraries have got wrong. */
export const VALUES: readonly (readonly [i: number, r: number, s: string, b: Uint8Array])[] = [
  [0, 0, '', new Uint8Array()],
  [-1, 0.1, 'a\0b', Uint8Array.of(0, 255)],
  [2 ** 31, 5e-324, '\u00e9', new Uint8Array(1_000).fill(7).subarray(3, 9)],
  [-(2 ** 31) - 1, Number.MAX_VALUE, 'e\u0301', Uint8Array.of(0)],
  [1_700_000_000_000, Number.NEGATIVE_INFINITY, '비트코인 😀', new Uint8Array(70_000).fill(1)],
  [Number.MAX_SAFE_INTEGER, 1 / 3, "'; DROP TABLE t --", Uint8Array.of(39)],
  [Number.MIN_SAFE_INTEGER, 123_456_789.123_456_78, 'x'.repeat(70_000), Uint8Array.of(1)],
];

const anyOf = <T>(i: number, other: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  // A column of VALUES has values of one kind.
  fc.option(fc.oneof(fc.constantFrom(...VALUES.map((row) => row[i] as T)), other), { freq: 8 });
const id = fc.nat({ max: 12 });
const row: fc.Arbitrary<SqliteRow> = fc.tuple(
  id,
  anyOf(0, fc.maxSafeInteger()),
  // SQLite itself stores −0 as 0 in columns of reals.
  anyOf(
    1,
    fc.double({ noNaN: true }).map((value) => value + 0),
  ),
  anyOf(2, fc.string({ unit: 'grapheme' })),
  anyOf(3, fc.uint8Array()),
);
const rows = fc.array(row, { minLength: 1, maxLength: 4 });

export const driverCommands: fc.Arbitrary<DriverCommand[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constantFrom('put', 'add', 'add-or-rollback'), rows }),
    fc.record({ do: fc.constantFrom('read', 'remove'), from: id, to: id }),
    fc.record({ do: fc.constantFrom('begin', 'savepoint') }),
    fc.record({ do: fc.constantFrom('commit', 'rollback', 'rollback-to', 'release') }),
  ),
  { minLength: 1, maxLength: 25 },
);

type Table = ReadonlyMap<number, SqliteRow>;

/** Does what it is told, and compares each answer with a plain model. */
export class DriverModelRun {
  readonly #driver: SqliteDriver;
  readonly #observer: SqliteDriver | undefined;
  #table: Table = new Map();
  /** What BEGIN, if it began with that, and each savepoint go back to. */
  #points: Table[] = [];
  #hasBegun = false;

  /** The observer is another connection, which sees what is committed. */
  constructor(driver: SqliteDriver, observer?: SqliteDriver) {
    this.#driver = driver;
    this.#observer = observer;
  }

  execute(commands: readonly DriverCommand[]): void {
    if (this.#driver.inTransaction) this.#driver.exec('ROLLBACK');
    this.#driver.exec('DELETE FROM t');
    const all = 'SELECT * FROM t ORDER BY id';
    const [own, others] = [this.#driver.prepare(all), this.#observer?.prepare(all)];
    for (const command of commands) {
      this.#do(command);
      const [committed = this.#table] = this.#points;
      const isInTransaction = this.#points.length > 0;
      const what = `after ${command.do}`;
      assertEqual(this.#driver.inTransaction, isInTransaction, `inTransaction ${what}`);
      assertEqual(own.all([]), sorted(this.#table), `the rows ${what}`);
      if (others === undefined) continue;
      assertEqual(others.all([]), sorted(committed), `what another connection sees ${what}`);
    }
  }

  #do(command: DriverCommand): void {
    if ('rows' in command) this.#insert(command.do, command.rows);
    else if ('from' in command) this.#range(command);
    else this.#transact(command.do);
  }

  #insert(kind: 'put' | 'add' | 'add-or-rollback', added: readonly SqliteRow[]): void {
    const or = { put: 'OR REPLACE', add: '', 'add-or-rollback': 'OR ROLLBACK' }[kind];
    const places = added.map(() => '(?, ?, ?, ?, ?)').join();
    const statement = this.#driver.prepare(`INSERT ${or} INTO t VALUES ${places}`);
    const table = new Map([...this.#table, ...added.map((one) => [Number(one[0]), one] as const)]);
    if (kind === 'put' || table.size === this.#table.size + added.length) {
      assertEqual(statement.run(added.flat()), added.length, `the count of ${kind}`);
      this.#table = table;
      return;
    }
    assertFails(() => statement.run(added.flat()), /^SQLITE_CONSTRAINT_/, `${kind} of a key twice`);
    if (kind === 'add-or-rollback') this.#rollBack();
  }

  #range({ do: kind, from, to }: Extract<DriverCommand, { from: number }>): void {
    const isInside = ([key]: SqliteRow): boolean => Number(key) >= from && Number(key) < to;
    const inside = sorted(this.#table).filter(isInside);
    const where = 'FROM t WHERE id >= ? AND id < ?';
    if (kind === 'read') {
      const statement = this.#driver.prepare(`SELECT * ${where} ORDER BY id`);
      assertEqual(statement.get([from, to]), inside[0], 'the first row of a range');
      assertEqual(statement.all([from, to]), inside, 'the rows of a range');
      return;
    }
    const count = this.#driver.prepare(`DELETE ${where}`).run([from, to]);
    assertEqual(count, inside.length, 'the count of remove');
    this.#table = new Map([...this.#table].filter(([, one]) => !isInside(one)));
  }

  #transact(kind: keyof typeof TRANSACTIONS): void {
    const run = (): void => this.#driver.exec(TRANSACTIONS[kind]);
    const savepoints = this.#points.length - (this.#hasBegun ? 1 : 0);
    const isPossible = {
      begin: this.#points.length === 0,
      commit: this.#points.length > 0,
      rollback: this.#points.length > 0,
      savepoint: true,
      'rollback-to': savepoints > 0,
      release: savepoints > 0,
    }[kind];
    if (!isPossible) {
      assertFails(run, /^SQLITE_ERROR/, `${kind} at the wrong time`);
      return;
    }
    run();
    if (kind === 'begin' || kind === 'savepoint') {
      if (this.#points.length === 0) this.#hasBegun = kind === 'begin';
      this.#points = [...this.#points, this.#table];
    }
    if (kind === 'rollback') this.#rollBack();
    if (kind === 'commit') this.#end();
    if (kind === 'rollback-to') this.#table = this.#points.at(-1) ?? this.#table;
    if (kind === 'release') this.#points = this.#points.slice(0, -1);
    if (this.#points.length === 0) this.#end();
  }

  #rollBack(): void {
    [this.#table = this.#table] = this.#points;
    this.#end();
  }

  #end(): void {
    this.#points = [];
    this.#hasBegun = false;
  }
}

function sorted(table: Table): SqliteRow[] {
  return [...table.values()].sort(([one], [other]) => Number(one) - Number(other));
}
