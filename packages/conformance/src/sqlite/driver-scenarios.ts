import type { SqliteDriver } from '@barkeep/sqlite-engine';
import { assertEqual } from '../assertions.ts';
import { checkModel, MODEL_TIMEOUT_MS } from '../check-model.ts';
import { needs, type Scenario, scenarioMaker } from '../conformance-suite.ts';
import { databaseImage } from './database-image.ts';
import { driverCommands, runDriverModel, TABLE } from './driver-model.ts';
import { assertFails, runScript, type Step } from './driver-script.ts';

const { scenario, bareScenario } = scenarioMaker<SqliteDriver>('sqlite-driver');
/** How many parameters SQLite takes by default. */
const MOST_PARAMETERS = 32_766;
/** What literals of the largest integer, of infinity and of an empty blob come back as. */
const LIMITS = [2 ** 63, Number.POSITIVE_INFINITY, new Uint8Array()];
const COUNTING = 'WITH n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000)';

export const driverScenarios: readonly Scenario<SqliteDriver>[] = [
  scenario(
    'model/commands',
    'any statements answer as a plain model does, and others see what is committed',
    async (driver, context) => {
      driver.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; ${TABLE}`);
      const observer = context.hasFiles ? await context.openBeside(driver) : undefined;
      observer?.exec('PRAGMA busy_timeout = 0');
      await checkModel(context.model, driverCommands, async (commands) =>
        runDriverModel(driver, commands, observer),
      );
    },
    { timeoutMs: MODEL_TIMEOUT_MS },
  ),
  script('statements/counts', 'run returns how many rows a statement itself has changed', [
    ['CREATE TABLE t (a)', 0],
    ['INSERT INTO t VALUES (1), (2), (3)', 3],
    ['CREATE TABLE u (a)', 0],
    ['UPDATE t SET a = a WHERE a > 1', 2],
    ['PRAGMA user_version = 7', 0],
    ['INSERT INTO t VALUES (4) RETURNING a', 1],
    ['INSERT INTO t VALUES (5) RETURNING a', [[5]]],
    ['SELECT a FROM t', 0],
    ['WITH gone (a) AS (SELECT 1) DELETE FROM t WHERE a IN (SELECT a FROM gone)', 1],
    ['WITH gone (a) AS (SELECT 1) SELECT a FROM gone', 0],
    ['DELETE FROM t', 4],
    ['DELETE FROM t', 0],
  ]),
  script('exec/several', 'exec runs all statements in order, and none after one that fails', [
    ["CREATE TABLE t (a); -- a; b\nINSERT INTO t VALUES ('x;y'); SELECT a FROM t;; SELECT 1;"],
    [''],
    ["INSERT INTO t VALUES ('b'); SELECT a FROM none; DELETE FROM t", 'SQLITE_ERROR'],
    ['SELECT a FROM t', [['x;y'], ['b']]],
    ["SELECT 9223372036854775807 AS a, 9e999 AS a, x''", [LIMITS]],
  ]),
  script('errors/codes', 'errors have SQLite’s extended code; some leave a transaction', [
    ['CREATE TABLE r (id INTEGER PRIMARY KEY); CREATE TABLE t (a UNIQUE, b NOT NULL)'],
    ['INSERT INTO t VALUES (1, 1)', 1],
    ['SELECT FROM', 'SQLITE_ERROR'],
    ['INSERT INTO t VALUES (1, 1)', 'SQLITE_CONSTRAINT_UNIQUE'],
    ['INSERT INTO t VALUES (2, NULL)', 'SQLITE_CONSTRAINT_NOTNULL'],
    ["INSERT INTO r VALUES ('x')", 'SQLITE_MISMATCH'],
    ['SELECT zeroblob(2000000000)', 'SQLITE_TOOBIG'],
    ['PRAGMA query_only = ON'],
    ['DELETE FROM t', 'SQLITE_READONLY'],
    ['PRAGMA query_only = OFF; PRAGMA max_page_count = 1'],
    ['CREATE TABLE x (a)', 'SQLITE_FULL'],
    ['SELECT a, b FROM t', [[1, 1]]],
    ['PRAGMA foreign_keys = ON; PRAGMA max_page_count = 99'],
    ['CREATE TABLE u (a REFERENCES r DEFERRABLE INITIALLY DEFERRED)'],
    ['SAVEPOINT p /* RELEASE */; INSERT INTO u VALUES (9)', true],
    ['RELEASE p', 'SQLITE_CONSTRAINT_FOREIGNKEY'],
    ['SELECT 1', true],
    ['ROLLBACK TO p; RELEASE p', false],
  ]),
  scenario('errors/opening', 'what is no database stays as it is', async (sound, context) => {
    const damaged = databaseImage({ pages: 2, pageSize: 4_096, seed: 1 }).fill(0x55, 100, 101);
    const images = { SQLITE_NOTADB: new Uint8Array(8_192).fill(7), SQLITE_CORRUPT: damaged };
    for (const [code, image] of Object.entries(images)) {
      const driver = await assertUnreadable(() => context.create(image), code, 'an image');
      if (driver === undefined || !context.hasFiles) continue;
      await assertUnreadable(() => context.openBeside(driver), code, 'it, again');
    }
    if (!context.hasFiles) return;
    // Where this could be, there is a directory; there is none beside it.
    context.pathBeside(sound, 'directory/file');
    const directory = context.pathBeside(sound, 'directory');
    for (const path of [directory, `${directory}/none/file`]) {
      await assertUnreadable(() => context.openAt(path, sound), 'SQLITE_CANTOPEN', path);
    }
  }),
  scenario('sizes/large', 'many parameters and rows, and large values', async (driver) => {
    const numbers = Array.from({ length: MOST_PARAMETERS - 1 }, (_, i) => i);
    const among = driver.prepare(`SELECT 1 WHERE ? IN (${numbers.map(() => '?').join()})`);
    assertEqual(among.all([numbers.length - 1, ...numbers]), [[1]], 'the last of all parameters');
    const rows = driver.prepare(`${COUNTING} SELECT i FROM n`).all([]);
    assertEqual([rows.length, rows.at(-1)], [20_000, [20_000]], 'many rows');
    const [text, blob] = ['비'.repeat(2 ** 21), new Uint8Array(2 ** 23).fill(5)];
    assertEqual(driver.prepare('SELECT ?, ?').get([text, blob]), [text, blob], 'large values');
  }),
  scenario('close/ended', 'closing rolls back and frees all, once', async (driver, context) => {
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
    if (!context.hasFiles) return;
    runScript(await context.openBeside(driver), [
      ['PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE', true],
      ['SELECT id FROM t', [[1]]],
    ]);
  }),
  bareScenario(
    'kill/committed',
    'all that was committed when a process was killed is there, and nothing else',
    async (context) => {
      for (const journal of ['WAL', 'DELETE']) {
        const elsewhere = await context.startProcess();
        const exec = (sql: string): Promise<unknown> => elsewhere.call('exec', sql);
        const fill = `${COUNTING} INSERT INTO t (id, s) SELECT i, 'old' FROM n`;
        await exec(`PRAGMA journal_mode = ${journal}; ${TABLE}; ${fill}`);
        await exec('BEGIN; DELETE FROM t WHERE id = 1; COMMIT');
        // More than the cache holds, so that some of it is in the file.
        await exec("PRAGMA cache_size = 10; BEGIN; UPDATE t SET s = 'new'");
        runScript(await context.reopen(elsewhere), [
          ['SELECT count(*), min(s), max(s) FROM t', [[19_999, 'old', 'old']]],
          ['PRAGMA integrity_check', [['ok']]],
          ['DELETE FROM t WHERE id = 2', 1],
        ]);
      }
    },
    { ...needs('createAt'), timeoutMs: 60_000 },
  ),
];

function script(key: string, title: string, steps: readonly Step[]): Scenario<SqliteDriver> {
  return scenario(key, title, async (driver) => runScript(driver, steps));
}

/** Asserts that opening, or the first read, fails; returns what was opened. */
async function assertUnreadable(
  open: () => Promise<SqliteDriver>,
  code: string,
  what: string,
): Promise<SqliteDriver | undefined> {
  const [opened] = await Promise.allSettled([open()]);
  const read = (): void => {
    if (opened.status === 'rejected') throw opened.reason;
    opened.value.exec('SELECT * FROM sqlite_schema');
  };
  assertFails(read, code, `reading ${what}`);
  return opened.status === 'fulfilled' ? opened.value : undefined;
}
