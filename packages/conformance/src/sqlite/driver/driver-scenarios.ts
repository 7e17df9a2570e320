import type { SqliteDriver, SqliteRow } from '@barkeep/sqlite-engine';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { checkModel, MODEL_TIMEOUT_MS } from '../../check-model.ts';
import { type Scenario, scenarioMaker } from '../../conformance-suite.ts';
import { databaseImage } from '../database-image.ts';
import { DriverModelRun, driverCommands, TABLE, VALUES } from './driver-model.ts';
import { assertFails, SqliteDriverSubject } from './driver-subject.ts';

const { scenario, bareScenario } = scenarioMaker<SqliteDriverSubject>('sqlite-driver');
const files: Pick<Scenario<SqliteDriverSubject>, 'requires'> = {
  requires: (capabilities) =>
    capabilities.files ? undefined : 'its databases are in memory by declaration',
};
/** How many parameters SQLite takes by default. */
const MOST_PARAMETERS = 32_766;
const MANY = 20_000;
const COUNT_ABOVE = 'WITH n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)';

export const driverScenarios: readonly Scenario<SqliteDriverSubject>[] = [
  scenario(
    'model/commands',
    'any sequence of statements answers as a plain model does',
    async ({ driver }, { model }) => {
      driver.exec(TABLE);
      const run = async (commands: Parameters<DriverModelRun['execute']>[0]) =>
        new DriverModelRun(driver).execute(commands);
      await checkModel(model, driverCommands, run);
    },
    { timeoutMs: MODEL_TIMEOUT_MS },
  ),
  scenario(
    'model/observed',
    'another connection sees what is committed, and nothing else',
    async (subject, context) => {
      const { driver } = subject;
      driver.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; ${TABLE}`);
      const { driver: observer } = await context.openBeside(subject);
      const run = async (commands: Parameters<DriverModelRun['execute']>[0]) =>
        new DriverModelRun(driver, observer).execute(commands);
      await checkModel(context.model, driverCommands, run, 0.2);
    },
    { ...files, timeoutMs: MODEL_TIMEOUT_MS },
  ),
  scenario(
    'values/columns',
    'every value comes back as it is, bound and written as SQL',
    async ({ driver }) => {
      driver.exec(TABLE);
      const insert = driver.prepare('INSERT INTO t VALUES (?, ?, ?, ?, ?)');
      const rows: SqliteRow[] = VALUES.map((values, id) => [id, ...values]);
      const empty = [rows.length, null, null, null, null];
      for (const row of [...rows, empty]) insert.run(row);
      insert.run([rows.length + 1, null, Number.NaN, null, null]);
      const all = driver.prepare('SELECT * FROM t ORDER BY id').all([]);
      assertEqual(all, [...rows, empty, [rows.length + 1, null, null, null, null]], 'the rows');
      for (const [id, , , text, blob] of rows) {
        const sizes = 'SELECT length(CAST(s AS BLOB)), length(b), typeof(i), typeof(r) FROM t';
        const found = driver
          .prepare(`${sizes} WHERE s = ? AND b = ?`)
          .get([text ?? '', blob ?? '']);
        const bytes = new TextEncoder().encode(String(text)).length;
        const length = blob instanceof Uint8Array ? blob.length : 0;
        assertEqual(found, [bytes, length, 'integer', 'real'], `what SQLite has of row ${id}`);
      }
      const literals = `SELECT 9223372036854775807, -9007199254740991, 9e999, x'', 1 AS a, 2 AS a`;
      const expected = [2 ** 63, Number.MIN_SAFE_INTEGER, Number.POSITIVE_INFINITY];
      assertEqual(
        driver.prepare(literals).get([]),
        [...expected, new Uint8Array(), 1, 2],
        'values that stand in the SQL',
      );
    },
  ),
  scenario(
    'values/own-memory',
    'what is done to a blob after it was given or received changes no other',
    async ({ driver }) => {
      driver.exec(TABLE);
      const insert = driver.prepare('INSERT INTO t (id, b) VALUES (?, ?)');
      const given = Uint8Array.of(1, 2, 3);
      for (const id of [1, 2]) insert.run([id, given]);
      given.fill(9);
      const read = driver.prepare('SELECT b FROM t ORDER BY id');
      const [first, again] = [read.all([]), read.all([])];
      const [blob] = first[0] ?? [];
      assertTrue(blob instanceof Uint8Array, 'a blob is a Uint8Array');
      blob.fill(8);
      const rest = [first[1], ...again, ...read.all([]), read.get([])];
      assertEqual(rest, Array(6).fill([Uint8Array.of(1, 2, 3)]), 'the other blobs');
    },
  ),
  scenario(
    'statements/reused',
    'a statement is run again with other values, also with null, after it failed, and beside others',
    async ({ driver }) => {
      driver.exec('CREATE TABLE t (a UNIQUE, b)');
      const insert = driver.prepare('INSERT INTO t VALUES (?, ?)');
      const read = driver.prepare('SELECT a, b FROM t WHERE a >= ? ORDER BY a');
      const same = driver.prepare('SELECT a, b FROM t WHERE a >= ? ORDER BY a');
      insert.run([1, 'one']);
      insert.run([2, null]);
      assertFails(() => insert.run([1, 'again']), /^SQLITE_CONSTRAINT_UNIQUE$/, 'a key twice');
      insert.run([3, 'three']);
      assertEqual(read.get([1]), [1, 'one'], 'a first row');
      assertEqual(
        same.all([2]),
        [
          [2, null],
          [3, 'three'],
        ],
        'the rows of the same SQL',
      );
      assertEqual(read.all([3]), [[3, 'three']], 'the rows of the first statement');
      assertEqual([read.get([4]), read.all([4])], [undefined, []], 'no rows');
    },
  ),
  scenario(
    'statements/ended',
    'a first row leaves nothing open, and what returns rows has its whole effect',
    async ({ driver }) => {
      driver.exec('CREATE TABLE t (a); CREATE TABLE u (a)');
      const insert = driver.prepare('INSERT INTO t VALUES (1), (2), (3) RETURNING a');
      assertEqual(insert.get([]), [1], 'the first of the rows that were inserted');
      assertEqual(driver.prepare('SELECT a FROM t').get([]), [1], 'the first row');
      assertEqual(driver.inTransaction, false, 'inTransaction after it');
      driver.exec('DROP TABLE u; BEGIN');
      assertEqual(driver.prepare('SELECT a FROM t WHERE a > ?').get([1]), [2], 'another one');
      driver.exec('DELETE FROM t WHERE a = 2; COMMIT; VACUUM');
      assertEqual(driver.prepare('SELECT a FROM t').all([]), [[1], [3]], 'all rows');
    },
  ),
  scenario(
    'statements/schema',
    'a statement goes on after the schema has changed',
    async ({ driver }) => {
      driver.exec('CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 2)');
      const read = driver.prepare('SELECT b FROM t');
      assertEqual(read.all([]), [[2]], 'the rows before');
      driver.exec('ALTER TABLE t ADD COLUMN c; CREATE INDEX i ON t (b)');
      assertEqual(read.all([]), [[2]], 'the rows with another column and an index');
      driver.exec('DROP TABLE t');
      assertFails(() => read.all([]), /^SQLITE_ERROR/, 'a read of a table that is gone');
      driver.exec('CREATE TABLE t (b, a); INSERT INTO t VALUES (3, 4)');
      assertEqual(read.all([]), [[3]], 'the rows of another table of that name');
    },
  ),
  scenario(
    'statements/counts',
    'run tells how many rows a statement has changed, of its own and of no other',
    async ({ driver }) => {
      driver.exec('CREATE TABLE t (a); CREATE TABLE log (a)');
      const counts = [
        'INSERT INTO t VALUES (1), (2), (3)',
        'CREATE TABLE u (a)',
        'UPDATE t SET a = a WHERE a > 1',
        'PRAGMA user_version = 7',
        'INSERT INTO t VALUES (4) RETURNING a',
        'SELECT a FROM t',
        'WITH gone AS (SELECT 1 AS a) DELETE FROM t WHERE a IN (SELECT a FROM gone)',
        'WITH one AS (SELECT 1 AS a) SELECT a FROM one',
        'DELETE FROM t WHERE a = 99',
        'INSERT OR IGNORE INTO t SELECT a FROM t WHERE a > 2',
        'DELETE FROM t',
      ].map((sql) => driver.prepare(sql).run([]));
      assertEqual(counts, [3, 0, 2, 0, 1, 0, 1, 0, 0, 2, 5], 'the counts');
    },
  ),
  scenario(
    'exec/several',
    'exec runs all statements in order, and none after one that fails',
    async ({ driver }) => {
      driver.exec(`CREATE TABLE t (a); -- a comment; with a semicolon
        INSERT INTO t VALUES ('x;y'); SELECT a FROM t; INSERT INTO t VALUES ('b'), ('c');
        DELETE FROM t WHERE a = 'b';;`);
      driver.exec('');
      const failing = "INSERT INTO t VALUES ('d'); INSERT INTO no VALUES (1); DELETE FROM t";
      assertFails(
        () => driver.exec(failing),
        /^SQLITE_ERROR/,
        'exec with a table that is not there',
      );
      assertEqual(driver.prepare('SELECT a FROM t').all([]), [['x;y'], ['c'], ['d']], 'the rows');
    },
  ),
  scenario(
    'transactions/ended',
    'inTransaction is true to SQLite, also when an error has ended a transaction, or has not',
    async ({ driver }) => {
      driver.exec(`PRAGMA foreign_keys = ON; CREATE TABLE t (a PRIMARY KEY);
        CREATE TABLE u (a REFERENCES t DEFERRABLE INITIALLY DEFERRED)`);
      const state = (sql: string): boolean => {
        try {
          driver.exec(sql);
        } catch (error) {
          assertTrue(error instanceof Error, `what ${sql} throws is an Error`);
        }
        return driver.inTransaction;
      };
      const states = [
        'SELECT 1',
        'BEGIN /* COMMIT */',
        'INSERT INTO t VALUES (1)',
        'INSERT INTO t VALUES (1)',
        'INSERT OR ROLLBACK INTO t VALUES (1), (1)',
        'BEGIN; INSERT INTO u VALUES (5)',
        'COMMIT',
        'ROLLBACK',
        'SAVEPOINT p; INSERT INTO t VALUES (2)',
        'RELEASE p',
      ].map(state);
      const t = true;
      assertEqual(states, [!t, t, t, t, !t, t, t, !t, t, !t], 'inTransaction after each');
      assertEqual(driver.prepare('SELECT a FROM t').all([]), [[2]], 'the rows at the end');
    },
  ),
  scenario(
    'errors/codes',
    'errors have the name of SQLite’s result code, from exec and from a statement',
    async ({ driver }) => {
      driver.exec(`PRAGMA foreign_keys = ON; CREATE TABLE r (id INTEGER PRIMARY KEY);
        CREATE TABLE t (a UNIQUE, b NOT NULL, c CHECK (c > 0), d REFERENCES r, e PRIMARY KEY);
        INSERT INTO r VALUES (1); INSERT INTO t VALUES (1, 1, 1, 1, 1)`);
      const failures = (): readonly (readonly [code: RegExp, sql: string])[] => [
        [/^SQLITE_ERROR$/, 'SELECT FROM'],
        [/^SQLITE_CONSTRAINT_UNIQUE$/, 'INSERT INTO t VALUES (1, 1, 1, 1, 2)'],
        [/^SQLITE_CONSTRAINT_(PRIMARYKEY|UNIQUE)$/, 'INSERT INTO t VALUES (2, 1, 1, 1, 1)'],
        [/^SQLITE_CONSTRAINT_NOTNULL$/, 'INSERT INTO t VALUES (2, NULL, 1, 1, 2)'],
        [/^SQLITE_CONSTRAINT_CHECK$/, 'INSERT INTO t VALUES (2, 1, 0, 1, 2)'],
        [/^SQLITE_CONSTRAINT_FOREIGNKEY$/, 'INSERT INTO t VALUES (2, 1, 1, 9, 2)'],
        [/^SQLITE_MISMATCH$/, "INSERT INTO r VALUES ('x')"],
        [/^SQLITE_TOOBIG$/, 'SELECT zeroblob(2000000000)'],
      ];
      const assertAll = (all: ReturnType<typeof failures>): void => {
        for (const [code, sql] of all) {
          assertFails(() => driver.exec(sql), code, `exec of ${sql}`);
          assertFails(() => driver.prepare(sql).run([]), code, `run of ${sql}`);
        }
      };
      assertAll(failures());
      driver.exec('PRAGMA query_only = ON');
      assertAll([[/^SQLITE_READONLY/, 'DELETE FROM t']]);
      driver.exec('PRAGMA query_only = OFF; PRAGMA max_page_count = 1');
      assertAll([[/^SQLITE_FULL$/, 'CREATE TABLE x (a)']]);
      assertEqual(
        driver.prepare('SELECT a, e FROM t').all([]),
        [[1, 1]],
        'the rows after all that',
      );
    },
  ),
  bareScenario(
    'errors/opening',
    'what is no database, or damaged, is an error when it is opened or first read, and stays as it is',
    async (context) => {
      const damaged = databaseImage({ pages: 2, seed: 1 });
      damaged[100] = 0x55;
      const images = [
        [/^SQLITE_NOTADB$/, new Uint8Array(8_192).fill(7)],
        [/^SQLITE_CORRUPT/, damaged],
      ] as const;
      for (const [code, image] of images) {
        const subject = await context.create();
        assertFails(await reading(subject, image), code, 'reading it');
        await subject.close();
        if (!subject.capabilities.files) continue;
        const again = await context.openBeside(subject).catch(() => undefined);
        if (again !== undefined) assertFails(await reading(again), code, 'reading it again');
      }
    },
  ),
  scenario(
    'errors/no-file',
    'a path at which no database can be is an error when it is opened',
    async (subject, context) => {
      const inside = context.pathBeside(subject, 'directory/file');
      const directory = inside.slice(0, -'/file'.length);
      for (const path of [directory, `${directory}/none/file`]) {
        const error = await context.openAt(path, subject).catch((reason: unknown) => reason);
        const fail = (): void => {
          if (!(error instanceof SqliteDriverSubject)) throw error;
        };
        assertFails(fail, /^SQLITE_CANTOPEN/, `opening ${path}`);
      }
    },
    files,
  ),
  scenario(
    'sizes/large',
    'many parameters, many rows and large values are whole',
    async ({ driver }) => {
      const places = Array(MOST_PARAMETERS - 1).fill('?');
      const numbers = places.map((_, i) => i);
      const among = driver.prepare(`SELECT 1 WHERE ? IN (${places.join()})`);
      assertEqual(among.all([places.length - 1, ...numbers]), [[1]], 'the last of all parameters');
      const many = driver.prepare(`${COUNT_ABOVE} SELECT i FROM n`).all([MANY]);
      assertEqual([many.length, many.at(-1)], [MANY, [MANY]], 'many rows');
      const [text, blob] = ['비'.repeat(2 ** 21), new Uint8Array(2 ** 23).fill(5)];
      assertEqual(driver.prepare('SELECT ?, ?').get([text, blob]), [text, blob], 'large values');
    },
  ),
  scenario(
    'busy/connections',
    'a connection that would overwrite what another has written or is writing gets an error, and can go on',
    async (subject, context) => {
      const one = subject.driver;
      one.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)');
      const { driver: other } = await context.openBeside(subject);
      other.exec('PRAGMA busy_timeout = 0');
      const [read, insert] = [other.prepare('SELECT a FROM t'), 'INSERT INTO t VALUES (3)'];
      one.exec('BEGIN IMMEDIATE; INSERT INTO t VALUES (2)');
      assertEqual(read.all([]), [[1]], 'what the other sees meanwhile');
      assertFails(() => other.exec(insert), /^SQLITE_BUSY$/, 'a write beside another');
      assertFails(() => other.prepare(insert).run([]), /^SQLITE_BUSY$/, 'the same of a statement');
      other.exec('BEGIN');
      read.all([]);
      one.exec('COMMIT');
      assertEqual(read.all([]), [[1]], 'what the other sees in its transaction');
      assertFails(() => other.exec(insert), /^SQLITE_BUSY_SNAPSHOT$/, 'a write on an old state');
      assertEqual(other.inTransaction, true, 'inTransaction after it');
      other.exec(`ROLLBACK; ${insert}`);
      assertEqual(one.prepare('SELECT a FROM t').all([]), [[1], [2], [3]], 'the rows at the end');
    },
    files,
  ),
  scenario(
    'close/ended',
    'a connection is closed with statements and a transaction open, once; it is of no use then',
    async (subject) => {
      const { driver } = subject;
      driver.exec(`${TABLE}; BEGIN; INSERT INTO t (id) VALUES (1)`);
      const statement = driver.prepare('SELECT id FROM t');
      statement.get([]);
      driver.close();
      driver.close();
      const calls = [
        () => driver.exec('SELECT 1'),
        () => driver.prepare('SELECT 1'),
        () => statement.run([]),
        () => statement.get([]),
        () => statement.all([]),
      ];
      for (const call of calls) assertFails(call, undefined, `${call} when it is closed`);
    },
  ),
  scenario(
    'close/lets-go',
    'closing rolls back and frees every lock',
    async (subject, context) => {
      subject.driver.exec(`${TABLE}; INSERT INTO t (id) VALUES (1)`);
      subject.driver.exec('BEGIN IMMEDIATE; INSERT INTO t (id) VALUES (2)');
      subject.driver.prepare('SELECT id FROM t').get([]);
      const { driver } = await context.reopen(subject);
      driver.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
      assertEqual(ids(driver), [1], 'what is there');
    },
    files,
  ),
  bareScenario(
    'kill/committed',
    'after a process was killed amid a transaction all that was committed is there, and nothing else',
    async (context) => {
      for (const journal of ['WAL', 'DELETE']) {
        const elsewhere = await context.startProcess();
        await elsewhere.call('exec', `PRAGMA journal_mode = ${journal}; ${TABLE}`);
        await elsewhere.call(
          'exec',
          'INSERT INTO t (id) VALUES (1), (2); DELETE FROM t WHERE id = 1',
        );
        await elsewhere.call('exec', 'BEGIN; INSERT INTO t (id) VALUES (3); COMMIT');
        // More than its cache holds, so that some of it is in the file.
        await elsewhere.call(
          'exec',
          `PRAGMA cache_size = 10; BEGIN IMMEDIATE; DELETE FROM t;
            ${COUNT_ABOVE.replace('?', '2000')} INSERT INTO t (id, b) SELECT i + 9, randomblob(999) FROM n`,
        );
        const beside = await context.openBeside(elsewhere);
        const write = (): void => beside.driver.exec('INSERT INTO t (id) VALUES (4)');
        beside.driver.exec('PRAGMA busy_timeout = 0');
        assertFails(write, /^SQLITE_BUSY/, 'a write beside the transaction of a process');
        await elsewhere.kill();
        write();
        const { driver } = await context.reopen(beside);
        assertEqual(ids(driver), [2, 3, 4], `the rows after the kill, with journal ${journal}`);
        assertEqual(driver.prepare('PRAGMA integrity_check').all([]), [['ok']], 'the check');
      }
    },
    { ...files, timeoutMs: 60_000 },
  ),
];

/** Opens what it must and reads the schema; an error of opening is thrown when that is called. */
async function reading(subject: SqliteDriverSubject, image?: Uint8Array): Promise<() => unknown> {
  try {
    if (image !== undefined) await subject.open(image);
    return () => subject.driver.exec('SELECT count(*) FROM sqlite_schema');
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function ids(driver: SqliteDriver): unknown[] {
  return driver
    .prepare('SELECT id FROM t ORDER BY id')
    .all([])
    .map(([id]) => id);
}
