import type { SqliteDriver, SqliteRow } from '@barkeep/sqlite-engine';
import { assertEqual } from '../../assertions.ts';
import { checkModel, MODEL_TIMEOUT_MS } from '../../check-model.ts';
import { type Scenario, scenarioMaker } from '../../conformance-suite.ts';
import { databaseImage } from '../database-image.ts';
import { DriverModelRun, driverCommands, TABLE } from './driver-model.ts';
import { assertFails, type SqliteDriverSubject } from './driver-subject.ts';

/**
 * SQL, and what comes of it: rows, the count of changes, the code of its error both of `exec` and of a
 * statement, or whether a transaction is under way after it; nothing: it succeeds.
 */
type Step = readonly [sql: string, outcome?: readonly SqliteRow[] | number | string | boolean];

const { scenario, bareScenario } = scenarioMaker<SqliteDriverSubject>('sqlite-driver');
const files: Pick<Scenario<SqliteDriverSubject>, 'requires'> = {
  requires: (capabilities) =>
    capabilities.files ? undefined : 'its databases are in memory by declaration',
};
/** How many parameters SQLite takes by default. */
const MOST_PARAMETERS = 32_766;
/** What literals of the largest integer, of infinity and of an empty blob come back as. */
const LIMITS = [2 ** 63, Number.POSITIVE_INFINITY, new Uint8Array()];
const COUNTING = 'WITH n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000)';

export const driverScenarios: readonly Scenario<SqliteDriverSubject>[] = [
  scenario(
    'model/commands',
    'any sequence of statements answers as a plain model does, and others see what is committed',
    async (subject, context) => {
      const { driver, capabilities } = subject;
      driver.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; ${TABLE}`);
      const observer = capabilities.files ? await context.openBeside(subject) : undefined;
      await checkModel(context.model, driverCommands, async (commands) =>
        new DriverModelRun(driver).execute(commands, observer?.driver),
      );
    },
    { timeoutMs: MODEL_TIMEOUT_MS },
  ),
  scenario(
    'statements/kept',
    'a statement goes on with other values, after an error or a change of the schema, and beside others',
    async ({ driver }) => {
      driver.exec('CREATE TABLE t (a UNIQUE, b); CREATE TABLE u (a)');
      const insert = driver.prepare('INSERT INTO t VALUES (?, ?) RETURNING a');
      const [one, other] = [0, 1].map(() => driver.prepare('SELECT b, a FROM t WHERE a >= ?'));
      assertEqual([insert.run([1, 'x']), insert.run([2, null])], [1, 1], 'the counts');
      assertFails(() => insert.run([1, 'y']), 'SQLITE_CONSTRAINT_UNIQUE', 'a key twice');
      assertEqual(insert.get([3, 'z']), [3], 'what an insert returns');
      assertEqual([one?.get([1]), driver.inTransaction], [['x', 1], false], 'a first row');
      driver.exec('DROP TABLE u; BEGIN');
      assertEqual(
        [one?.get([2]), other?.all([3])],
        [[null, 2], [['z', 3]]],
        'rows of the same SQL',
      );
      driver.exec('DELETE FROM t WHERE a < 3; COMMIT; ALTER TABLE t ADD COLUMN c; DROP TABLE t');
      assertFails(() => one?.all([1]), 'SQLITE_ERROR', 'a read of a table that is gone');
      driver.exec("CREATE TABLE t (b, a); INSERT INTO t VALUES ('b', 5)");
      assertEqual(one?.all([1]), [['b', 5]], 'the rows of another table of that name');
    },
  ),
  script('statements/counts', 'run tells how many rows a statement has changed itself', [
    ['CREATE TABLE t (a)', 0],
    ['INSERT INTO t VALUES (1), (2), (3)', 3],
    ['CREATE TABLE u (a)', 0],
    ['UPDATE t SET a = a WHERE a > 1', 2],
    ['PRAGMA user_version = 7', 0],
    ['INSERT INTO t VALUES (4) RETURNING a', 1],
    ['SELECT a FROM t', 0],
    ['WITH gone (a) AS (SELECT 1) DELETE FROM t WHERE a IN (SELECT a FROM gone)', 1],
    ['WITH gone (a) AS (SELECT 1) SELECT a FROM gone', 0],
    ['DELETE FROM t', 3],
    ['DELETE FROM t', 0],
  ]),
  script('exec/several', 'exec runs all statements in order, and none after one that fails', [
    [
      "CREATE TABLE t (a); -- a; comment\nINSERT INTO t VALUES ('x;y'); SELECT a FROM t;; SELECT 1;",
    ],
    [''],
    ["INSERT INTO t VALUES ('b'); SELECT a FROM none; DELETE FROM t", 'SQLITE_ERROR'],
    [
      "SELECT a, 9223372036854775807, 9e999, x'' AS a FROM t",
      ['x;y', 'b'].map((a) => [a, ...LIMITS]),
    ],
  ]),
  script('errors/codes', 'errors have SQLite’s result code, from exec and from a statement', [
    ['PRAGMA foreign_keys = ON; CREATE TABLE r (id INTEGER PRIMARY KEY); INSERT INTO r VALUES (1)'],
    ['CREATE TABLE t (a UNIQUE, b NOT NULL, c CHECK (c > 0), d REFERENCES r)'],
    ['INSERT INTO t VALUES (1, 1, 1, 1)', 1],
    ['SELECT FROM', 'SQLITE_ERROR'],
    ['INSERT INTO t VALUES (1, 1, 1, 1)', 'SQLITE_CONSTRAINT_UNIQUE'],
    ['INSERT INTO t VALUES (2, NULL, 1, 1)', 'SQLITE_CONSTRAINT_NOTNULL'],
    ['INSERT INTO t VALUES (2, 1, 0, 1)', 'SQLITE_CONSTRAINT_CHECK'],
    ['INSERT INTO t VALUES (2, 1, 1, 9)', 'SQLITE_CONSTRAINT_FOREIGNKEY'],
    ["INSERT INTO r VALUES ('x')", 'SQLITE_MISMATCH'],
    ['SELECT zeroblob(2000000000)', 'SQLITE_TOOBIG'],
    ['PRAGMA query_only = ON'],
    ['DELETE FROM t', 'SQLITE_READONLY'],
    ['PRAGMA query_only = OFF; PRAGMA max_page_count = 1'],
    ['CREATE TABLE x (a)', 'SQLITE_FULL'],
    ['SELECT a, b FROM t', [[1, 1]]],
    ['PRAGMA max_page_count = 99; CREATE TABLE u (a REFERENCES r DEFERRABLE INITIALLY DEFERRED)'],
    ['BEGIN /* COMMIT */; INSERT INTO u VALUES (9)', true],
    ['COMMIT', 'SQLITE_CONSTRAINT_FOREIGNKEY'],
    ['SELECT 1', true],
    ['ROLLBACK', false],
  ]),
  bareScenario(
    'errors/opening',
    'what is no database, damaged, or nowhere is an error when it is opened or read, and stays as it is',
    async (context) => {
      const damaged = databaseImage({ pages: 2, pageSize: 4_096, seed: 1 }).fill(0x55, 100, 101);
      const images = { SQLITE_NOTADB: new Uint8Array(8_192).fill(7), SQLITE_CORRUPT: damaged };
      for (const [code, image] of Object.entries(images)) {
        const subject = await context.create();
        const open = () => subject.open(image).then(() => subject);
        await assertNotOpened(open, code, 'reading it');
        await subject.close();
        if (!subject.capabilities.files) continue;
        await assertNotOpened(() => context.openBeside(subject), code, 'reading it again');
        // Where this could be, there is a directory; there is none beside it.
        context.pathBeside(subject, 'directory/file');
        const directory = context.pathBeside(subject, 'directory');
        for (const path of [directory, `${directory}/none/file`]) {
          await assertNotOpened(() => context.openAt(path, subject), 'SQLITE_CANTOPEN', path);
        }
      }
    },
  ),
  scenario(
    'sizes/large',
    'many parameters and rows, and large values, are whole',
    async ({ driver }) => {
      const numbers = Array.from({ length: MOST_PARAMETERS - 1 }, (_, i) => i);
      const among = driver.prepare(`SELECT 1 WHERE ? IN (${numbers.map(() => '?').join()})`);
      assertEqual(among.all([numbers.length - 1, ...numbers]), [[1]], 'the last of all parameters');
      const rows = driver.prepare(`${COUNTING} SELECT i FROM n`).all([]);
      assertEqual([rows.length, rows.at(-1)], [20_000, [20_000]], 'many rows');
      const [text, blob] = ['비'.repeat(2 ** 21), new Uint8Array(2 ** 23).fill(5)];
      assertEqual(driver.prepare('SELECT ?, ?').get([text, blob]), [text, blob], 'large values');
    },
  ),
  scenario(
    'busy/connections',
    'a write beside that of another connection, or on an old state, is an error; then it goes on',
    async (subject, context) => {
      const one = subject.driver;
      one.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)');
      const { driver: other } = await context.openBeside(subject);
      const insert = 'INSERT INTO t VALUES (3)';
      one.exec('BEGIN IMMEDIATE; INSERT INTO t VALUES (2)');
      run(other, [
        ['PRAGMA busy_timeout = 0'],
        [insert, 'SQLITE_BUSY'],
        ['BEGIN; SELECT a FROM t', true],
        ['SELECT a FROM t', [[1]]],
      ]);
      one.exec('COMMIT');
      run(other, [
        ['SELECT a FROM t', [[1]]],
        [insert, 'SQLITE_BUSY_SNAPSHOT'],
        [`ROLLBACK; ${insert}`, false],
        ['SELECT a FROM t', [[1], [2], [3]]],
      ]);
    },
    files,
  ),
  scenario(
    'close/ended',
    'closing rolls back, frees locks and statements, and is done once; then there is no connection',
    async (subject, context) => {
      const { driver } = subject;
      driver.exec('CREATE TABLE t (id); INSERT INTO t VALUES (1); BEGIN; INSERT INTO t VALUES (2)');
      const statement = driver.prepare('SELECT id FROM t');
      statement.get([]);
      driver.close();
      driver.close();
      assertFails(() => driver.exec('SELECT 1'), '', 'exec of a closed connection');
      assertFails(() => driver.prepare('SELECT 1'), '', 'prepare of a closed connection');
      for (const method of ['run', 'get', 'all'] as const) {
        assertFails(() => statement[method]([]), '', `${method} of a closed connection`);
      }
      if (!subject.capabilities.files) return;
      run((await context.openBeside(subject)).driver, [
        ['PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE', true],
        ['SELECT id FROM t', [[1]]],
      ]);
    },
  ),
  bareScenario(
    'kill/committed',
    'when a process was killed amid a transaction, all that was committed is there and nothing else',
    async (context) => {
      for (const journal of ['WAL', 'DELETE']) {
        const elsewhere = await context.startProcess();
        const committed = 'INSERT INTO t (id) VALUES (1), (2); BEGIN; DELETE FROM t WHERE id = 1';
        const exec = (sql: string): Promise<unknown> => elsewhere.call('exec', sql);
        await exec(`PRAGMA journal_mode = ${journal}; ${TABLE}; ${committed}; COMMIT`);
        // More than the cache holds, so that some of it is in the file.
        const much = `${COUNTING} INSERT INTO t (id, s) SELECT i + 9, hex(randomblob(50)) FROM n`;
        await exec(`PRAGMA cache_size = 10; BEGIN; DELETE FROM t; ${much}`);
        const beside = await context.openBeside(elsewhere);
        run(beside.driver, [
          ['PRAGMA busy_timeout = 0'],
          ['INSERT INTO t (id) VALUES (4)', 'SQLITE_BUSY'],
        ]);
        await elsewhere.kill();
        beside.driver.exec('INSERT INTO t (id) VALUES (4)');
        run((await context.reopen(beside)).driver, [
          ['SELECT id FROM t', [[2], [4]]],
          ['PRAGMA integrity_check', [['ok']]],
        ]);
      }
    },
    { ...files, timeoutMs: 60_000 },
  ),
];

function script(key: string, title: string, steps: readonly Step[]): Scenario<SqliteDriverSubject> {
  return scenario(key, title, async ({ driver }) => run(driver, steps));
}

function run(driver: SqliteDriver, steps: readonly Step[]): void {
  for (const [sql, outcome] of steps) {
    if (typeof outcome === 'string') {
      assertFails(() => driver.exec(sql), outcome, `exec of ${sql}`);
      if (!sql.includes(';')) {
        assertFails(() => driver.prepare(sql).run([]), outcome, `run of ${sql}`);
      }
    } else if (typeof outcome === 'object') {
      assertEqual(driver.prepare(sql).all([]), outcome, `the rows of ${sql}`);
    } else if (typeof outcome === 'number') {
      assertEqual(driver.prepare(sql).run([]), outcome, `the count of ${sql}`);
    } else {
      driver.exec(sql);
      const { inTransaction } = driver;
      assertEqual(inTransaction, outcome ?? inTransaction, `inTransaction after ${sql}`);
    }
  }
}

/** Opening it fails so, or the first read. */
async function assertNotOpened(
  open: () => Promise<SqliteDriverSubject>,
  code: string,
  what: string,
): Promise<void> {
  const read = await open().then(
    ({ driver }) =>
      () =>
        driver.exec('SELECT count(*) FROM sqlite_schema'),
    (error: unknown) => (): never => {
      throw error;
    },
  );
  assertFails(read, code, what);
}
