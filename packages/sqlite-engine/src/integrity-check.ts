import { type SeriesKey, type TimeframeGrid, timeframeGrid } from '@barkeep/core';
import type { IntegrityProblem, IntegrityReport } from '@barkeep/storage';
import type { CandleRows } from './candle-rows.ts';
import type { CoverageTable } from './coverage-table.ts';
import type { SeriesRow, SeriesTable } from './series-table.ts';
import type { SqliteDriver, SqliteRow } from './sqlite-driver.ts';
import { sqliteFailure } from './sqlite-failure.ts';
import { inTransaction } from './transaction.ts';

export interface CheckedTables {
  readonly driver: SqliteDriver;
  readonly series: SeriesTable;
  readonly candles: CandleRows;
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

  #checkCandles(key: SeriesKey, { id, count, first, last }: SeriesRow): void {
    const grid = timeframeGrid(key.timeframe);
    let found = 0;
    let from = ALL_TIME.from;
    for (;;) {
      const selection = { from, to: ALL_TIME.to, limit: BLOCK, take: 'first' } as const;
      const block = this.#tables.candles.read(
        id,
        selection,
        Math.max(0, Math.min(count - found, BLOCK)),
      );
      const { timestamp } = block;
      for (let i = 0; i < timestamp.length; i += 1) {
        const at = timestamp[i] ?? Number.NaN;
        const fault = grid.isAligned(at) ? candleFault(block, i) : misaligned(grid);
        if (fault === undefined) continue;
        this.#report({
          kind: 'value',
          key,
          interval: { from: at, to: at + 1 },
          message: `the candle at ${at} ${fault}`,
        });
      }
      found += timestamp.length;
      const final = timestamp.at(-1);
      if (final === undefined || timestamp.length < BLOCK) break;
      from = final + 1;
    }
    this.#candles += found;
    const extent = this.#tables.candles.extent(id);
    if (
      found !== count ||
      extent?.first !== (first ?? undefined) ||
      extent?.last !== (last ?? undefined)
    ) {
      this.#report({
        kind: 'counter',
        key,
        message: `the series says ${count} candles from ${first} to ${last}; there are ${found} from ${extent?.first} to ${extent?.last}`,
      });
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
