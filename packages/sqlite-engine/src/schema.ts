import { OPTIONAL_COLUMNS, REQUIRED_COLUMNS } from '@barkeep/core';
import { WIDE_COLUMNS, type WideColumn } from './wide-columns.ts';

/** `BARK` in ASCII: what SQLite's header says about whose database this is. */
export const APPLICATION_ID = 0x4241524b;

const required = REQUIRED_COLUMNS.join(', ');
const wide = OPTIONAL_COLUMNS.map((name) => WIDE_COLUMNS[name]);
const wideOfVersion1 = namesOf(wide.filter(({ version }) => version === 1));
const CANDLE_ROW = `
    series_id INTEGER NOT NULL REFERENCES series (id),
    timestamp INTEGER NOT NULL,
    open REAL NOT NULL,
    high REAL NOT NULL,
    low REAL NOT NULL,
    close REAL NOT NULL,
    volume REAL NOT NULL`;
const SEGMENT = `
    id INTEGER PRIMARY KEY,
    series_id INTEGER NOT NULL REFERENCES series (id),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    format INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    data BLOB NOT NULL`;

/**
 * How the schema came to be, one step per version: `STEPS[n]` leads from version n to n + 1, with the
 * optional columns that came with that version. A step that was published never changes; a new one is
 * added after it.
 *
 * Version 1:
 * - `series` has one row per symbol and timeframe, with the count, first and last of its candles: a
 *   timestamp counts once. `row_count` is the number of its rows, `columns` has a bit for each optional
 *   column that it ever had, and `revision` is that of the buckets that have no row in `revisions`, NULL
 *   when none of their candles ever changed
 * - `candle_rows` has one row per candle of series that never had an optional column, and
 *   `wide_candle_rows` one per candle of all others; the view `candles` shows both under their symbol
 * - `segments` has one row per run of candles, compressed by `@barkeep/segment-codec`. Those of one
 *   series never overlap in `[first, last]`; a candle row counts more than a segment's candle of the
 *   same timestamp
 * - `damaged_segments` keeps what was found unreadable, out of every reader's way
 * - `coverage` is the ledger of complete stretches, which never overlap within a series
 * - `change_log` has the latest changes, for the change feeds of other connections
 * - `revisions` has one row per bucket of 1,024 periods in which a candle changed, with the latest
 *   change's number in the change log and its revision: random, so it is the same in another copy of
 *   the database only where both have come by it
 * - `leases` says who does what, and until when, so that several processes do not do the same
 */
const STEPS: readonly string[] = [
  `
  CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    symbol TEXT NOT NULL,
    timeframe TEXT NOT NULL,
    count INTEGER NOT NULL DEFAULT 0,
    row_count INTEGER NOT NULL DEFAULT 0,
    first INTEGER,
    last INTEGER,
    columns INTEGER NOT NULL DEFAULT 0,
    revision TEXT,
    UNIQUE (symbol, timeframe)
  ) STRICT;

  CREATE TABLE candle_rows (${CANDLE_ROW},
    PRIMARY KEY (series_id, timestamp)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE wide_candle_rows (${CANDLE_ROW},
    ${wideOfVersion1.map((name) => `${name} REAL,`).join('\n    ')}
    PRIMARY KEY (series_id, timestamp)
  ) STRICT, WITHOUT ROWID;

${viewOf(wideOfVersion1)};

  CREATE TABLE segments (${SEGMENT},
    UNIQUE (series_id, first)
  ) STRICT;

  CREATE TABLE damaged_segments (${SEGMENT},
    reason TEXT NOT NULL
  ) STRICT;

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

  CREATE TABLE revisions (
    series_id INTEGER NOT NULL REFERENCES series (id),
    bucket INTEGER NOT NULL,
    change INTEGER NOT NULL,
    revision TEXT NOT NULL,
    PRIMARY KEY (series_id, bucket)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    until INTEGER NOT NULL
  ) STRICT;
  `,
];

/** Leads from each version to the next. */
export const MIGRATIONS: readonly string[] = migrationsOf(STEPS, wide);

/** The schema version that this engine reads and writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

function migrationsOf(steps: readonly string[], columns: readonly WideColumn[]): string[] {
  const latest = Math.max(steps.length, ...columns.map(({ version }) => version));
  return Array.from({ length: latest }, (_, i) => {
    const step = steps[i] ?? '';
    const added = namesOf(columns.filter(({ version }) => version === i + 1));
    if (i === 0 || added.length === 0) return step;
    const names = namesOf(columns.filter(({ version }) => version <= i + 1));
    const additions = added.map((name) => `ALTER TABLE wide_candle_rows ADD COLUMN ${name} REAL`);
    return [step, ...additions, 'DROP VIEW IF EXISTS candles', viewOf(names)].join(';\n');
  });
}

/** All candle rows under their symbol and timeframe. */
function viewOf(optional: readonly string[]): string {
  return `
  CREATE VIEW candles AS
    SELECT symbol, timeframe, ${required}, ${optional.map((name) => `NULL AS ${name}`).join(', ')}
    FROM candle_rows JOIN series ON series.id = series_id
    UNION ALL
    SELECT symbol, timeframe, ${required}, ${optional.join(', ')}
    FROM wide_candle_rows JOIN series ON series.id = series_id`;
}

function namesOf(columns: readonly WideColumn[]): string[] {
  return columns.map(({ name }) => name);
}
