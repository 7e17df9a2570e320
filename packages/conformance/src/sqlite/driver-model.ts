import type { SqliteDriver, SqliteRow } from '@barkeep/sqlite-engine';
import fc, { type Arbitrary } from 'fast-check';
import { assertEqual } from '../assertions.ts';
import { assertFails, type Rows } from './driver-script.ts';

/** What is done to the table `t`, as plain data. */
export type DriverCommand =
  | { readonly do: keyof typeof INSERTS; readonly row: SqliteRow }
  | { readonly do: 'alter' | keyof typeof TRANSACTIONS };

interface State {
  readonly rows: Rows;
  /** What a rollback goes back to, and others see; `undefined` outside of transactions. */
  readonly committed?: Rows | undefined;
}

export const TABLE = 'CREATE TABLE t (id INTEGER PRIMARY KEY, i INTEGER, r REAL, s TEXT, b BLOB)';
const INSERTS = { put: 'OR REPLACE', add: 'OR ABORT', 'add-or-rollback': 'OR ROLLBACK' } as const;
const TRANSACTIONS = { begin: 'BEGIN IMMEDIATE', commit: 'COMMIT', rollback: 'ROLLBACK' } as const;

/** Values that libraries have got wrong. */
const INTEGERS = [0, -1, 2 ** 31, -(2 ** 31) - 1, 1_700_000_000_000, Number.MIN_SAFE_INTEGER];
const REALS = [0.1, 5e-324, Number.MAX_VALUE, Number.NEGATIVE_INFINITY, Number.NaN];
const TEXTS = ['', 'a\0b', '\u00e9', 'e\u0301', '비트코인 😀', "'; --", 'x'.repeat(9_000)];
const BLOBS = [[], [0], [0, 255], Array<number>(9_000).fill(1)];

const column = <T>(known: readonly T[], other: Arbitrary<T>): Arbitrary<T | null> =>
  fc.option(fc.oneof(fc.constantFrom(...known), other), { freq: 8 });
// SQLite itself stores −0 as 0 in a column of reals.
const real = fc.double().map((value) => value + 0);
const row: Arbitrary<SqliteRow> = fc.tuple(
  fc.nat({ max: 12 }),
  column(INTEGERS, fc.maxSafeInteger()),
  column(REALS, real),
  column(TEXTS, fc.string({ unit: 'grapheme' })),
  column(BLOBS, fc.array(fc.nat({ max: 255 }))).map(viewOf),
);

const insert = fc.record({ do: fc.constantFrom('put', 'add', 'add-or-rollback'), row });
const other = fc.record({ do: fc.constantFrom('begin', 'commit', 'rollback', 'alter') });
const command: Arbitrary<DriverCommand> = fc.oneof(insert, insert, other);
const lengths = { minLength: 1, maxLength: 25 };
export const driverCommands: Arbitrary<DriverCommand[]> = fc.array(command, lengths);

/**
 * Does what it is told, and compares each answer with a plain model.
 * @param observer Another connection, which sees what is committed and waits for no lock.
 */
export function runDriverModel(
  driver: SqliteDriver,
  commands: readonly DriverCommand[],
  observer: SqliteDriver | undefined,
): void {
  if (driver.inTransaction) driver.exec('ROLLBACK');
  driver.exec('DELETE FROM t');
  const prepare = (or: string) => driver.prepare(`INSERT ${or} INTO t VALUES (?, ?, ?, ?, ?)`);
  const inserts = new Map(Object.entries(INSERTS).map(([kind, or]) => [kind, prepare(or)]));
  const all = 'SELECT * FROM t ORDER BY id';
  const [own, others] = [driver.prepare(all), observer?.prepare(all)];
  const answers: [rows: Rows, expected: Rows][] = [];
  let state: State = { rows: [] };
  for (const command of commands) {
    const { code, ...next } = outcomeOf(command, state);
    const perform = (): void => {
      if ('row' in command) assertEqual(inserts.get(command.do)?.run(command.row), 1, 'the count');
      else if (command.do !== 'alter') driver.exec(TRANSACTIONS[command.do]);
      else {
        driver.exec('ALTER TABLE t ADD COLUMN x DEFAULT 1');
        const wider = next.rows.map((one) => [...one, 1]);
        assertEqual(own.all([]), wider, 'the rows of another schema');
        driver.exec('ALTER TABLE t DROP COLUMN x');
      }
    };
    if (code === undefined) perform();
    else assertFails(perform, code, command.do);
    state = next;
    const { rows: expected, committed = expected } = state;
    const what = `after ${command.do}`;
    const rows = own.all([]);
    answers.push([rows, expected]);
    assertEqual(rows, expected, `the rows ${what}`);
    assertEqual(own.get([]), expected[0], `the first row ${what}`);
    const isWithin = state.committed !== undefined;
    assertEqual(driver.inTransaction, isWithin, `inTransaction ${what}`);
    if (observer === undefined) continue;
    assertEqual(others?.all([]), committed, `what another connection sees ${what}`);
    if (isWithin) assertFails(() => observer.exec('DELETE FROM t'), 'SQLITE_BUSY', 'its write');
  }
  for (const [rows, expected] of answers) {
    assertEqual(rows, expected, 'rows that were given earlier, after other calls');
  }
}

/** The state after a command, and the code of its error if it fails. */
function outcomeOf(command: DriverCommand, state: State): State & { readonly code?: string } {
  const { rows, committed } = state;
  if ('row' in command) {
    const others = rows.filter(([id]) => id !== command.row[0]);
    if (command.do !== 'put' && others.length < rows.length) {
      const code = 'SQLITE_CONSTRAINT_';
      return command.do === 'add' ? { ...state, code } : { rows: committed ?? rows, code };
    }
    const added = command.row.map((value) => (Number.isNaN(value) ? null : value));
    const sorted = [...others, added].sort(([one], [other]) => Number(one) - Number(other));
    return { rows: sorted, committed };
  }
  if (command.do === 'alter') return state;
  const isBegun = committed !== undefined;
  if ((command.do === 'begin') === isBegun) return { ...state, code: 'SQLITE_ERROR' };
  if (command.do === 'begin') return { rows, committed: rows };
  return { rows: (command.do === 'rollback' && committed) || rows };
}

/** A view of a part of its buffer. */
function viewOf(bytes: readonly number[] | null): Uint8Array | null {
  return bytes && Uint8Array.of(7, ...bytes, 7).subarray(1, -1);
}
