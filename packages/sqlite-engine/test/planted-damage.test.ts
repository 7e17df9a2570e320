/**
 * Bytes changed in each kind of page. What was stored before is the oracle: nothing is answered wrongly
 * and called complete, the check never dies, and after a repair it finds nothing but what that named.
 * Plain rows have no checksum, so the values of a row that is still a valid candle may be others; nor have
 * the texts of metadata.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import {
  BarkeepError,
  type Candle,
  type Interval,
  REQUIRED_COLUMNS,
  type SeriesKey,
} from '@barkeep/core';
import type { SqliteEngine } from '@barkeep/sqlite-engine';
import type { IntegrityReport, RepairReport } from '@barkeep/storage';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { budget } from '../../../tools/test-budget.ts';
import {
  BTC,
  batch,
  candle,
  candlesOf,
  everything,
  MINUTE,
  openEngine,
  temporaryPath,
} from './test-database.ts';

const ARCHIVE = { segmentCandles: 512, keepRows: 8, bulkCandles: 64, automatic: false } as const;
const EVER = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };
const PAGE = 4_096;
const ETH: SeriesKey = { symbol: 'KRW-ETH', timeframe: '1m' };
const SOL: SeriesKey = { symbol: 'KRW-SOL', timeframe: '1m' };
const ROWS: SeriesKey = { symbol: 'ROWS', timeframe: '1h' };
const KEYS = [BTC, ETH, SOL, ROWS];
const REFUSALS = ['CORRUPT', 'NOT_A_DATABASE', 'SCHEMA_TOO_NEW', 'CANNOT_OPEN', 'READ_ONLY'];

interface Stored {
  readonly candles: readonly Candle[];
  readonly coverage: readonly Interval[];
  /** Timestamps of plain rows. */
  readonly rows: ReadonlySet<number>;
}

interface Template {
  readonly bytes: Buffer;
  readonly stored: ReadonlyMap<SeriesKey, Stored>;
  /** Page numbers by kind, such as `segments overflow`. */
  readonly pages: ReadonlyMap<string, readonly number[]>;
}

/** Numbers that look random and are the same in every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function run(from: number, to: number, price = 100, step = MINUTE): Candle[] {
  return Array.from({ length: to - from }, (_, i) => candle((from + i) * step, price + (i % 7)));
}

function filledDatabase(): Template {
  const path = temporaryPath();
  const engine = openEngine(path, { archive: ARCHIVE });
  const hour = 60 * MINUTE;
  engine.write([
    batch(BTC, run(0, 1_200), { covers: [{ from: 0, to: 1_300 * MINUTE }] }),
    batch(ETH, run(0, 600), { covers: [{ from: 0, to: 600 * MINUTE }] }),
    batch(SOL, run(1_500, 2_100), { covers: [{ from: 1_500 * MINUTE, to: 2_100 * MINUTE }] }),
  ]);
  // Late rows over segments and beside them.
  for (let i = 0; i < 1_200; i += 60) engine.write([batch(BTC, run(i, i + 10, 50))]);
  for (let i = 0; i < 240; i += 20) {
    const covers = [{ from: i * hour, to: (i + 20) * hour }];
    engine.write([batch(ROWS, run(i, i + 20, 70, hour), { covers, source: `source ${i}` })]);
  }
  for (let i = 0; i < 120; i += 1) {
    engine.addCoverage(ETH, {
      from: (2_000 + 3 * i) * MINUTE,
      to: (2_001 + 3 * i) * MINUTE,
      source: `a source with quite a long name, ${i}`,
      collectedAt: 7,
    });
  }
  for (let i = 0; i < 80; i += 1) engine.setMetadata(`document ${i}`, JSON.stringify({ i }));
  engine.setMetadata('long', JSON.stringify('x'.repeat(20_000)));
  // What is removed leaves free pages.
  const gone: SeriesKey = { symbol: 'GONE', timeframe: '1m' };
  engine.write([batch(gone, run(0, 3_000))]);
  engine.remove(gone, EVER);
  const stored = new Map(
    KEYS.map(
      (key) =>
        [
          key,
          { candles: everything(engine, key), coverage: engine.coverageOf(key, EVER) },
        ] as const,
    ),
  );
  expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true });
  engine.close();
  const database = new Database(path);
  const rowsOf = database.prepare<[string, string], { timestamp: number }>(
    'SELECT timestamp FROM candles WHERE symbol = ? AND timeframe = ?',
  );
  const withRows = [...stored].map(([key, rest]) => {
    const found = rowsOf.all(key.symbol, key.timeframe);
    return [key, { ...rest, rows: new Set(found.map(({ timestamp }) => timestamp)) }] as const;
  });
  const pages = pagesByKind(database);
  database.close();
  return { bytes: readFileSync(path), stored: new Map(withRows), pages };
}

function pagesByKind(database: Database.Database): Map<string, number[]> {
  const used = database
    .prepare<[], { name: string; pageno: number; pagetype: string }>(
      'SELECT name, pageno, pagetype FROM dbstat',
    )
    .all();
  const count = Number(database.pragma('page_count', { simple: true }));
  const kinds = new Map<string, number[]>([
    ['header', [1]],
    ['pointer map', [2]],
  ]);
  const known = new Set([2, ...used.map(({ pageno }) => pageno)]);
  const free = Array.from({ length: count }, (_, i) => i + 1).filter((page) => !known.has(page));
  // The first is the trunk of the list, which says which others are free.
  kinds.set('free', free);
  for (const { name, pageno, pagetype } of used) {
    const kind = `${name} ${pagetype}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), pageno]);
  }
  return kinds;
}

type Outcome =
  | { readonly kind: 'refused' }
  | { readonly kind: 'opened'; readonly found: IntegrityReport; readonly repaired: RepairReport };

/** Opens a damaged file, checks, repairs, and compares every answer with what was stored. */
function trial(template: Template, damage: (bytes: Buffer) => Buffer): Outcome {
  const path = temporaryPath();
  writeFileSync(path, damage(Buffer.from(template.bytes)));
  let engine: SqliteEngine;
  try {
    engine = openEngine(path, { archive: ARCHIVE });
  } catch (error) {
    if (!BarkeepError.is(error)) throw error;
    expect(REFUSALS, error.message).toContain(error.code);
    return { kind: 'refused' };
  }
  const found = engine.checkIntegrity(undefined);
  const isPerfect = found.ok;
  for (const [key, stored] of template.stored) {
    const covered = unlessTyped(() => engine.coverageOf(key, EVER)) ?? [];
    // A read of a few cannot know of all that is wrong beside it, until it was checked.
    expectNoneWrong(
      engine,
      key,
      stored,
      isPerfect ? [EVER] : covered,
      isPerfect ? 'in-parts' : 'whole',
    );
    if (isPerfect) expect(everything(engine, key)).toHaveLength(stored.candles.length);
    if (isPerfect) expect(covered.map(rangeOf)).toEqual(stored.coverage.map(rangeOf));
  }
  const repaired = engine.repair(undefined);
  for (const [key, stored] of template.stored) {
    const covered = unlessTyped(() => engine.coverageOf(key, EVER));
    if (covered === undefined) continue;
    expectWithin(covered, stored.coverage);
    expectNoneWrong(engine, key, stored, covered, 'in-parts');
  }
  const after = engine.checkIntegrity(undefined);
  expect(after.ok).toBe(repaired.remaining.length === 0);
  expect(after.problems.map(({ message }) => message)).toEqual(
    repaired.remaining.map(({ message }) => message),
  );
  if (found.ok)
    expect(repaired).toEqual({ repairs: [], truncated: false, series: [], remaining: [] });
  else expect(repaired.repairs.length + repaired.remaining.length).toBeGreaterThan(0);
  // What was repaired can be filled again.
  if (!found.ok && repaired.remaining.length === 0) {
    for (const [key, { candles, coverage }] of template.stored) {
      engine.write([batch(key, candles, { covers: coverage })]);
      expect(everything(engine, key)).toEqual(candles);
    }
    expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true });
  }
  engine.close();
  return { kind: 'opened', found, repaired };
}

/** `undefined` when the call fails as it should on damage; fails when it does otherwise. */
function unlessTyped<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (BarkeepError.is(error) && error.code !== 'INTERNAL') return undefined;
    throw error;
  }
}

/** What is read of covered ranges is what was stored, or refused. */
function expectNoneWrong(
  engine: SqliteEngine,
  key: SeriesKey,
  stored: Stored,
  covered: readonly Interval[],
  reads: 'whole' | 'in-parts',
): void {
  const all = unlessTyped(() => everything(engine, key));
  for (const range of covered) {
    const expected = stored.candles.filter(
      ({ timestamp }) => range.from <= timestamp && timestamp < range.to,
    );
    const part = unlessTyped(() =>
      candlesOf(
        engine.read({ key, ...range, limit: Number.POSITIVE_INFINITY, take: 'first' }),
        key,
      ),
    );
    const whole = all?.filter(({ timestamp }) => range.from <= timestamp && timestamp < range.to);
    for (const found of reads === 'whole' ? [whole] : [part, whole]) {
      if (found !== undefined) expectSame(found, expected, stored.rows, key);
    }
  }
}

function expectSame(
  found: readonly Candle[],
  expected: readonly Candle[],
  rows: ReadonlySet<number>,
  key: SeriesKey,
): void {
  const times = (candles: readonly Candle[]) => new Set(candles.map(({ timestamp }) => timestamp));
  const [had, has] = [times(expected), times(found)];
  const missing = [...had].filter((timestamp) => !has.has(timestamp));
  const strange = [...has].filter((timestamp) => !had.has(timestamp));
  expect(missing, `${key.symbol}: candles that are missing`).toEqual([]);
  expect(strange, `${key.symbol}: candles that nobody stored`).toEqual([]);
  const others = found.filter((one, i) => !rows.has(one.timestamp) && !isSame(one, expected[i]));
  expect(others, `${key.symbol}: candles with a checksum`).toEqual([]);
}

/** Without its source, a text like any other. */
function rangeOf({ from, to }: Interval): Interval {
  return { from, to };
}

function isSame(a: Candle, b: Candle | undefined): boolean {
  return REQUIRED_COLUMNS.every((column) => Object.is(a[column], b?.[column]));
}

/** Nothing is covered that was not. */
function expectWithin(covered: readonly Interval[], before: readonly Interval[]): void {
  const beyond = covered.filter(
    ({ from, to }) => !before.some((entry) => entry.from <= from && to <= entry.to),
  );
  expect(beyond, 'coverage that nothing has earned').toEqual([]);
}

describe('bytes changed in each kind of page', () => {
  let made: Template | undefined;
  const template = (): Template => {
    made ??= filledDatabase();
    return made;
  };
  const kinds = [
    'header',
    'pointer map',
    'free',
    'sqlite_schema leaf',
    'series leaf',
    'sqlite_autoindex_series_1 leaf',
    'candle_rows internal',
    'candle_rows leaf',
    'segments internal',
    'segments leaf',
    'segments overflow',
    'sqlite_autoindex_segments_1 leaf',
    'coverage internal',
    'coverage leaf',
    'metadata internal',
    'metadata leaf',
    'metadata overflow',
    'sqlite_autoindex_metadata_1 leaf',
    'revisions leaf',
    'change_log leaf',
    'damaged_segments leaf',
    'leases leaf',
  ];

  it('has a page of every kind', () => {
    const { pages } = template();
    expect(kinds.filter((kind) => (pages.get(kind) ?? []).length === 0)).toEqual([]);
  });

  it.each(kinds)('%s: a byte', (kind) => {
    const pages = template().pages.get(kind) ?? [];
    const random = seeded(kind.length * 7_919 + kind.charCodeAt(0));
    for (let round = 0; round < budget(3); round += 1) {
      const page = pages[random(pages.length)] ?? 1;
      const length = kind === 'header' ? 100 : PAGE;
      // Some among the numbers at the beginning of the page, by which the rest is found.
      const among = round % 3 === 0 ? Math.min(60, length) : length;
      let offset = (page - 1) * PAGE + random(among);
      // Zeros are mostly where nothing is.
      for (let i = 0; i < 30 && template().bytes[offset] === 0; i += 1) {
        offset = (page - 1) * PAGE + random(among);
      }
      const mask = 1 + random(255);
      const what = `${kind}: byte ${offset} ^ ${mask}`;
      try {
        trial(template(), (bytes) => {
          bytes[offset] = (bytes[offset] ?? 0) ^ mask;
          return bytes;
        });
      } catch (error) {
        throw new Error(what, { cause: error });
      }
    }
  });

  it.each(kinds)('%s: all of its bytes', (kind) => {
    const page = template().pages.get(kind)?.at(-1) ?? 1;
    const outcome = trial(template(), (bytes) => bytes.fill(0, (page - 1) * PAGE, page * PAGE));
    if (outcome.kind === 'refused') return;
    // A free page holds nothing that anything depends on.
    if (kind !== 'free') expect(outcome.found.ok).toBe(false);
  });

  it.each(['candle_rows leaf', 'segments leaf', 'segments overflow', 'coverage leaf'])(
    '%s: the bytes of another page of its kind',
    (kind) => {
      const pages = template().pages.get(kind) ?? [];
      const [from, to] = [pages.at(0) ?? 1, pages.at(-1) ?? 1];
      expect(from).not.toBe(to);
      const outcome = trial(template(), (bytes) => {
        bytes.copy(bytes, (to - 1) * PAGE, (from - 1) * PAGE, from * PAGE);
        return bytes;
      });
      expect(outcome).toMatchObject({ kind: 'opened', found: { ok: false } });
    },
  );

  it.each([0.2, 0.5, 0.9, 1])('a file cut short to %f of its pages', (part) => {
    const outcome = trial(template(), (bytes) => {
      const pages = Math.min(bytes.length / PAGE - 1, Math.floor((part * bytes.length) / PAGE));
      return bytes.subarray(0, pages * PAGE);
    });
    if (outcome.kind === 'opened') expect(outcome.found.ok).toBe(false);
  });
});
