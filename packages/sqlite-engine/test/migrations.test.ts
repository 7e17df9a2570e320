import { SCHEMA_VERSION } from '@barkeep/sqlite-engine';
import { expect, it } from 'vitest';
import {
  BTC,
  batch,
  candle,
  connect,
  everything,
  MINUTE,
  openEngine,
  temporaryPath,
} from './test-database.ts';

/** What Barkeep made before there were segments, word for word. */
const VERSION_1 = `
  CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    symbol TEXT NOT NULL,
    timeframe TEXT NOT NULL,
    count INTEGER NOT NULL DEFAULT 0,
    first INTEGER,
    last INTEGER,
    UNIQUE (symbol, timeframe)
  ) STRICT;
  CREATE TABLE candle_rows (
    series_id INTEGER NOT NULL REFERENCES series (id),
    timestamp INTEGER NOT NULL,
    open REAL NOT NULL,
    high REAL NOT NULL,
    low REAL NOT NULL,
    close REAL NOT NULL,
    volume REAL NOT NULL,
    PRIMARY KEY (series_id, timestamp)
  ) STRICT, WITHOUT ROWID;
  CREATE VIEW candles AS
    SELECT symbol, timeframe, timestamp, open, high, low, close, volume
    FROM candle_rows JOIN series ON series.id = series_id;
  CREATE TABLE coverage (
    series_id INTEGER NOT NULL REFERENCES series (id),
    from_time INTEGER NOT NULL,
    to_time INTEGER NOT NULL,
    source TEXT NOT NULL,
    collected_at INTEGER NOT NULL,
    PRIMARY KEY (series_id, from_time)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE metadata (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT;
  CREATE TABLE change_log (
    id INTEGER PRIMARY KEY,
    writer INTEGER NOT NULL,
    kind TEXT NOT NULL,
    series_id INTEGER NOT NULL REFERENCES series (id),
    from_time INTEGER NOT NULL,
    to_time INTEGER NOT NULL
  ) STRICT;
  PRAGMA application_id = ${0x4241524b};
  PRAGMA user_version = 1;
  INSERT INTO series VALUES (1, 'KRW-BTC', '1m', 3, 0, 120000), (2, 'KRW-ETH', '1m', 0, NULL, NULL);
  INSERT INTO coverage VALUES (1, 0, 180000, 'upbit', 5);
  INSERT INTO metadata VALUES ('note', '"kept"');
`;

it('brings a database of version 1 up to date and keeps all that it holds', () => {
  const path = temporaryPath();
  const old = connect(path);
  old.exec(VERSION_1);
  const insert = old.prepare('INSERT INTO candle_rows VALUES (1, ?, ?, ?, ?, ?, ?)');
  const candles = [0, MINUTE, 2 * MINUTE].map((at) => candle(at));
  for (const { timestamp, open, high, low, close, volume } of candles) {
    insert.run([timestamp, open, high, low, close, volume]);
  }
  old.close();

  const driver = connect(path);
  const engine = openEngine(path, {}, driver);
  expect(driver.prepare('PRAGMA user_version').get([])).toEqual([SCHEMA_VERSION]);
  expect(everything(engine, BTC)).toEqual(candles);
  expect(engine.list({})).toEqual([{ ...BTC, count: 3, first: 0, last: 2 * MINUTE }]);
  expect(engine.coverageOf(BTC, { from: 0, to: MINUTE })).toEqual([
    { from: 0, to: 3 * MINUTE, source: 'upbit', collectedAt: 5 },
  ]);
  expect(engine.getMetadata('note')).toBe('"kept"');
  expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true, candles: 3 });

  const more = Array.from({ length: 5_000 }, (_, i) => candle(i * MINUTE));
  expect(engine.write([batch(BTC, more)])).toMatchObject([{ inserted: 4_997, unchanged: 3 }]);
  expect(everything(engine, BTC)).toEqual(more);
});

/** What Barkeep made of it before there were revisions, word for word. */
const VERSION_2 = `
  ${VERSION_1}
  CREATE TABLE segments (
    id INTEGER PRIMARY KEY,
    series_id INTEGER NOT NULL REFERENCES series (id),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    format INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (series_id, first)
  ) STRICT;
  CREATE TABLE damaged_segments (
    id INTEGER PRIMARY KEY,
    series_id INTEGER NOT NULL REFERENCES series (id),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    format INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    data BLOB NOT NULL,
    reason TEXT NOT NULL
  ) STRICT;
  ALTER TABLE series ADD COLUMN row_count INTEGER NOT NULL DEFAULT 0;
  UPDATE series SET row_count = count;
  PRAGMA user_version = 2;
`;

it.each([
  ['1', VERSION_1],
  ['2', VERSION_2],
])('has the schema of a new database after migrating one of version %s', (_, version) => {
  const tables = (path: string) =>
    connect(path)
      .prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name')
      .all([])
      .map((row) => row.map((text) => String(text).replaceAll(/\s+/g, ' ')));
  const [old, fresh] = [temporaryPath(), temporaryPath()];
  connect(old).exec(version);
  openEngine(old);
  openEngine(fresh);
  expect(tables(old)).toEqual(tables(fresh));
});

it.each([
  ['1', VERSION_1],
  ['2', VERSION_2],
])('gives the series of a database of version %s revisions of their own', (_, version) => {
  const ETH = { ...BTC, symbol: 'KRW-ETH' };
  const range = { from: 0, to: 3 * MINUTE };
  const revisions = [1, 2].flatMap(() => {
    const path = temporaryPath();
    connect(path).exec(version);
    const engine = openEngine(path);
    const found = [BTC, ETH].flatMap((key) => engine.revisions(key, [range]));
    engine.close();
    const again = openEngine(path, { access: 'read-only' });
    expect([BTC, ETH].flatMap((key) => again.revisions(key, [range]))).toEqual(found);
    return found;
  });
  // Candles of before may differ between copies whatever their database says.
  expect(new Set(revisions).size).toBe(4);
  for (const text of revisions) expect(text).toMatch(/^[0-9a-f]{20}$/);
});

it('goes on from a database of version 2 with all that it holds', () => {
  const path = temporaryPath();
  const driver = connect(path);
  driver.exec(VERSION_2);
  driver.exec('INSERT INTO candle_rows VALUES (1, 0, 1, 1, 1, 1, 1), (1, 60000, 2, 2, 2, 2, 2)');
  driver.exec('UPDATE series SET count = 2, row_count = 2, last = 60000 WHERE id = 1');
  driver.close();
  const engine = openEngine(path);
  expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true, candles: 2 });
  const range = { from: 0, to: MINUTE };
  const [before] = engine.revisions(BTC, [range]);
  engine.write([batch(BTC, [candle(0)])]);
  expect(everything(engine, BTC)).toHaveLength(2);
  expect(engine.revisions(BTC, [range])).not.toEqual([before]);
});
