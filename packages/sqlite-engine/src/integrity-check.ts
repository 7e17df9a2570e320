import {
  allocateColumns,
  BarkeepError,
  type CandleColumns,
  type Interval,
  type SeriesKey,
  type TimeframeGrid,
  timeframeGrid,
} from '@barkeep/core';
import type { IntegrityProblem, IntegrityReport } from '@barkeep/storage';
import type { CandleRows } from './candle-rows.ts';
import type { CoverageTable } from './coverage-table.ts';
import { countOverlaid } from './overlaid-candles.ts';
import type { SegmentEntry, Segments } from './segments.ts';
import type { SeriesRow, SeriesTable } from './series-table.ts';
import type { SqliteDriver, SqliteRow } from './sqlite-driver.ts';
import { sqliteFailure } from './sqlite-failure.ts';
import { inTransaction } from './transaction.ts';

export interface CheckedTables {
  readonly driver: SqliteDriver;
  readonly series: SeriesTable;
  readonly rows: CandleRows;
  readonly segments: Segments;
  readonly coverage: CoverageTable;
}

const MOST_PROBLEMS = 1_000;
const BLOCK = 16_384;
const ALL_TIME = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };

/** Reads everything, or one series, and compares it with the rules of the model and of the schema. */
export function checkIntegrity(tables: CheckedTables, key?: SeriesKey): IntegrityReport {
  return new IntegrityCheck(tables).run(key);
}

class IntegrityCheck {
  readonly #tables: CheckedTables;
  readonly #problems: IntegrityProblem[] = [];
  #truncated = false;
  #series = 0;
  #candles = 0;

  constructor(tables: CheckedTables) {
    this.#tables = tables;
  }

  run(key: SeriesKey | undefined): IntegrityReport {
    const { driver, series } = this.#tables;
    if (key === undefined) {
      this.#reportingDamage({}, () => this.#checkFile());
      this.#reportingDamage({}, () => this.#checkReferences());
    }
    for (const one of key === undefined ? series.keys() : [key]) {
      // One snapshot per series: a longer one would keep the WAL from being reset meanwhile.
      this.#reportingDamage({ key: one }, () =>
        inTransaction(driver, 'read', () => this.#checkSeries(one)),
      );
    }
    return {
      ok: this.#problems.length === 0,
      series: this.#series,
      candles: this.#candles,
      problems: this.#problems,
      truncated: this.#truncated,
    };
  }

  #report(problem: IntegrityProblem): void {
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push(problem);
    else this.#truncated = true;
  }

  /** Pages that SQLite cannot make sense of end one part of the check, and not the whole. */
  #reportingDamage(where: { readonly key?: SeriesKey }, part: () => void): void {
    try {
      part();
    } catch (error) {
      const { code, message } = sqliteFailure(error);
      if (code !== 'CORRUPT') throw error;
      this.#report({ kind: 'damaged', message, ...where });
    }
  }

  #checkFile(): void {
    const findings = this.#tables.driver
      .prepare<readonly [message: string]>(`PRAGMA integrity_check(${MOST_PROBLEMS})`)
      .all([]);
    for (const [message] of findings) {
      if (message !== 'ok') this.#report({ kind: 'damaged', message });
    }
  }

  #checkReferences(): void {
    const orphans = this.#tables.driver
      .prepare<SqliteRow>('SELECT "table", count(*) FROM pragma_foreign_key_check GROUP BY "table"')
      .all([]);
    for (const [table, count] of orphans) {
      this.#report({ kind: 'reference', message: `${count} rows of ${table} belong to no series` });
    }
  }

  #checkSeries(key: SeriesKey): void {
    const series = this.#tables.series.find(key);
    if (series === undefined) return;
    if (series.count > 0) this.#series += 1;
    this.#checkCandles(key, series);
    this.#checkCoverage(key, series);
  }

  #checkCandles(key: SeriesKey, series: SeriesRow): void {
    const { rows, segments } = this.#tables;
    const rowsFound = this.#checkRows(key, series);
    const entries = segments.touching(series.id, ALL_TIME);
    const sound = entries.filter((entry) => this.#isSound(key, series, entry));
    this.#checkOverlap(key, entries);
    const found = sound.reduce(
      (sum, entry) => sum + entry.count - countOverlaid(series, entry, rows, segments),
      rowsFound,
    );
    this.#candles += found;
    // How many candles a damaged segment has beside those that rows overlay, nobody can tell.
    const isCounted = sound.length < entries.length || found === series.count;
    const first = smallest(rows.extent(series.id)?.first, segments.extent(series.id)?.first);
    const last = largest(rows.extent(series.id)?.last, segments.extent(series.id)?.last);
    const isFramed = first === (series.first ?? undefined) && last === (series.last ?? undefined);
    if (isCounted && isFramed && rowsFound === series.rowCount) return;
    this.#report({
      kind: 'counter',
      key,
      message:
        `the series says ${series.count} candles, ${series.rowCount} of them rows, from ` +
        `${series.first} to ${series.last}; there are ${found}, ${rowsFound} of them rows, ` +
        `from ${first} to ${last}`,
    });
  }

  #checkRows(key: SeriesKey, { id, rowCount }: SeriesRow): number {
    let found = 0;
    let from = ALL_TIME.from;
    for (;;) {
      const selection = { from, to: ALL_TIME.to, limit: BLOCK, take: 'first' } as const;
      const expected = Math.max(0, Math.min(rowCount - found, BLOCK));
      const block = this.#tables.rows.read(id, selection, expected);
      this.#checkValues(key, block);
      const { timestamp } = block;
      found += timestamp.length;
      const final = timestamp.at(-1);
      if (final === undefined || timestamp.length < BLOCK) return found;
      from = final + 1;
    }
  }

  /** Whether a segment can be decoded; if it can, its candles are checked. */
  #isSound(key: SeriesKey, series: SeriesRow, entry: SegmentEntry): boolean {
    const columns = allocateColumns(entry.count);
    try {
      const bytes = this.#tables.segments.bytes(series, entry);
      this.#tables.segments.decode(series, entry, bytes, columns);
    } catch (error) {
      if (!BarkeepError.is(error, 'CORRUPT')) throw error;
      this.#report({
        kind: 'damaged',
        key,
        interval: intervalOf(key, entry),
        message: error.message,
      });
      return false;
    }
    this.#checkValues(key, columns);
    const { timestamp } = columns;
    const isOrdered = timestamp.every((at, i) => i === 0 || at > (timestamp[i - 1] ?? at));
    if (!isOrdered || timestamp.at(0) !== entry.first || timestamp.at(-1) !== entry.last) {
      this.#report({
        kind: 'order',
        key,
        interval: intervalOf(key, entry),
        message: `a segment is not in order from ${entry.first} to ${entry.last}`,
      });
    }
    return true;
  }

  #checkOverlap(key: SeriesKey, entries: readonly SegmentEntry[]): void {
    for (const [i, entry] of entries.entries()) {
      if (entry.first > (entries[i - 1]?.last ?? Number.NEGATIVE_INFINITY)) continue;
      this.#report({
        kind: 'order',
        key,
        interval: intervalOf(key, entry),
        message: 'a segment overlaps the one before it',
      });
    }
  }

  #checkValues(key: SeriesKey, candles: CandleColumns): void {
    const grid = timeframeGrid(key.timeframe);
    for (const [i, at] of candles.timestamp.entries()) {
      const fault = grid.isAligned(at) ? candleFault(candles, i) : misaligned(grid);
      if (fault === undefined) continue;
      const interval = { from: at, to: at + 1 };
      this.#report({ kind: 'value', key, interval, message: `the candle at ${at} ${fault}` });
    }
  }

  #checkCoverage(key: SeriesKey, { id }: SeriesRow): void {
    const grid = timeframeGrid(key.timeframe);
    let end = Number.NEGATIVE_INFINITY;
    for (const { from, to } of this.#tables.coverage.touching(id, ALL_TIME)) {
      const interval = { from, to };
      if (from >= to) this.#report({ kind: 'coverage', key, interval, message: 'is empty' });
      if (from < end) {
        this.#report({ kind: 'coverage', key, interval, message: 'overlaps the entry before it' });
      }
      if (!grid.isAligned(from) || !grid.isAligned(to)) {
        this.#report({ kind: 'coverage', key, interval, message: misaligned(grid) });
      }
      end = Math.max(end, to);
    }
  }
}

function intervalOf({ timeframe }: SeriesKey, { first, last }: SegmentEntry): Interval {
  return { from: first, to: timeframeGrid(timeframe).shift(last) };
}

function smallest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function largest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

function misaligned({ timeframe }: TimeframeGrid): string {
  return `is not at the start of a ${timeframe} period`;
}

function candleFault(
  {
    open,
    high,
    low,
    close,
    volume,
  }: Readonly<Record<'open' | 'high' | 'low' | 'close' | 'volume', Float64Array>>,
  i: number,
): string | undefined {
  const o = open[i] ?? Number.NaN;
  const h = high[i] ?? Number.NaN;
  const l = low[i] ?? Number.NaN;
  const c = close[i] ?? Number.NaN;
  const v = volume[i] ?? Number.NaN;
  if (![o, h, l, c, v].every(Number.isFinite)) return 'has a value that is not finite';
  if (h < l) return 'has its high below its low';
  if (o < l || o > h) return 'has its open outside of low and high';
  if (c < l || c > h) return 'has its close outside of low and high';
  if (v < 0) return 'has a negative volume';
  return undefined;
}
