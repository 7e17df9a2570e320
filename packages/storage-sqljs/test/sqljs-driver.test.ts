import { registerSqliteDriverConformance } from '@barkeep/conformance/sqlite/vitest';
import initSqlJs from 'sql.js';
import { expect, it, onTestFinished } from 'vitest';
import { SqlJsDriver } from '../src/sqljs-driver.ts';

const sql = await initSqlJs();

registerSqliteDriverConformance({
  name: 'sql.js',
  create: (_, image) => new SqlJsDriver(sql, image),
});

function openDriver(): SqlJsDriver {
  const driver = new SqlJsDriver(sql, undefined);
  onTestFinished(() => driver.close());
  return driver;
}

it('tells whether a transaction is under way, and leaves it as it is', () => {
  const driver = openDriver();
  driver.exec('CREATE TABLE t (x UNIQUE)');
  expect(driver.inTransaction).toBe(false);
  driver.exec('BEGIN; INSERT INTO t VALUES (1)');
  expect(driver.inTransaction).toBe(true);
  driver.exec('COMMIT');
  expect(driver.inTransaction).toBe(false);
  expect(driver.prepare('SELECT x FROM t').all([])).toEqual([[1]]);
});

it('knows when SQLite has ended a transaction by itself', () => {
  const driver = openDriver();
  driver.exec('CREATE TABLE t (x UNIQUE); BEGIN; INSERT INTO t VALUES (1)');
  expect(() => driver.exec('INSERT OR ROLLBACK INTO t VALUES (1)')).toThrow();
  expect(driver.inTransaction).toBe(false);
  expect(driver.prepare('SELECT x FROM t').all([])).toEqual([]);
});

it.each([
  ['SQLITE_ERROR', 'SELECT FROM'],
  ['SQLITE_CONSTRAINT_UNIQUE', 'CREATE TABLE t (x UNIQUE); INSERT INTO t VALUES (1), (1)'],
  ['SQLITE_TOOBIG', 'SELECT zeroblob(2000000000)'],
  ['SQLITE_MISMATCH', "CREATE TABLE t (x INTEGER PRIMARY KEY); INSERT INTO t VALUES ('a')"],
  ['SQLITE_FULL', 'PRAGMA max_page_count = 1; CREATE TABLE t (x)'],
])('names the result code %s', (code, text) => {
  expect(() => openDriver().exec(text)).toThrow(expect.objectContaining({ code }));
});

it('goes on with statements that were prepared before a snapshot', () => {
  const driver = openDriver();
  driver.exec('CREATE TABLE t (x)');
  const insert = driver.prepare('INSERT INTO t VALUES (?)');
  expect(insert.run([1])).toBe(1);
  const copy = new SqlJsDriver(sql, driver.snapshot());
  onTestFinished(() => copy.close());
  expect(insert.run([2])).toBe(1);
  expect(driver.prepare('SELECT x FROM t').all([])).toEqual([[1], [2]]);
  expect(copy.prepare('SELECT x FROM t').all([])).toEqual([[1]]);
});
