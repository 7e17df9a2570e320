/** The machinery of migrations, with versions made for it: the product has one so far. */
import { expect, it } from 'vitest';
import { migrate } from '../src/migrations.ts';
import { MIGRATIONS } from '../src/schema.ts';
import { SchemaHistory } from '../src/schema-shape.ts';
import {
  BTC,
  batch,
  candle,
  connect,
  openEngine,
  temporaryPath,
  thrownBy,
} from './test-database.ts';

const LATER = [
  ...MIGRATIONS,
  `CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
   CREATE VIEW long_notes AS SELECT text FROM notes WHERE length(text) > 9;`,
  `ALTER TABLE series ADD COLUMN note INTEGER;
   UPDATE series SET note = count;
   DROP VIEW IF EXISTS long_notes;
   CREATE VIEW long_notes AS SELECT id, text FROM notes WHERE length(text) > 9;`,
];
const VERSIONS = LATER.map((_, i) => i + 1);
const latest = new SchemaHistory(LATER);

function pragma(path: string, name: string): unknown {
  return connect(path).prepare(`PRAGMA ${name}`).get([])?.[0];
}

/** A database of ours, with candles, brought to a version. */
function databaseOf(version: number): string {
  const path = temporaryPath();
  const engine = openEngine(path);
  engine.write([batch(BTC, [candle(0), candle(60_000)])]);
  engine.close();
  migrate(connect(path), new SchemaHistory(LATER.slice(0, version)));
  return path;
}

it.each(VERSIONS)(
  'brings a database of version %i up to date and keeps what it holds',
  (version) => {
    const path = databaseOf(version);
    expect(pragma(path, 'user_version')).toBe(version);
    const driver = connect(path);
    migrate(driver, latest);
    expect(pragma(path, 'user_version')).toBe(latest.version);
    expect(driver.prepare('SELECT note FROM series').all([])).toEqual([[2]]);
    expect(driver.prepare('SELECT count(*) FROM candles').get([])).toEqual([2]);
    migrate(driver, latest);
    expect(latest.versionOf(latest.read(driver))).toBe(latest.version);
  },
);

it('has the same schema whichever version a database began with', () => {
  const schemas = [0, ...VERSIONS].map((version) => {
    const driver = connect(version === 0 ? temporaryPath() : databaseOf(version));
    migrate(driver, latest);
    return latest.read(driver);
  });
  for (const schema of schemas) expect(schema).toEqual(schemas[0]);
});

it.each(VERSIONS)('takes tables of version %i without a header for what they are', (version) => {
  const driver = connect(databaseOf(version));
  driver.exec('PRAGMA application_id = 0; PRAGMA user_version = 0');
  migrate(driver, latest);
  expect(latest.versionOf(latest.read(driver))).toBe(latest.version);
});

it('refuses tables of another version than the header says, and a version to come', () => {
  const driver = connect(databaseOf(2));
  driver.exec('PRAGMA user_version = 3');
  const error = thrownBy(() => migrate(driver, latest));
  expect(error).toMatchObject({ code: 'CORRUPT', details: { version: 3, found: 2 } });
  driver.exec('PRAGMA user_version = 4');
  expect(thrownBy(() => migrate(driver, latest)).code).toBe('SCHEMA_TOO_NEW');
  driver.exec('PRAGMA user_version = 2');
  migrate(driver, latest);
});

it.each([2, 3])('makes a view of version %i that is missing anew', (version) => {
  const driver = connect(databaseOf(version));
  driver.exec('DROP VIEW long_notes');
  migrate(driver, latest);
  expect(driver.prepare('SELECT count(id) FROM long_notes').get([])).toEqual([0]);
});

it('leaves a step undone that fails, and the header with it', () => {
  const path = databaseOf(1);
  const broken = new SchemaHistory([...LATER.slice(0, 2), 'CREATE TABLE notes (id INTEGER)']);
  expect(() => migrate(connect(path), broken)).toThrow('notes');
  expect(pragma(path, 'user_version')).toBe(2);
});
