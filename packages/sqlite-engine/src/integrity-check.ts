import {
  type CandleColumns,
  isTimeframe,
  type SeriesKey,
  type TimeframeGrid,
  timeframeGrid,
} from '@barkeep/core';
import type { IntegrityProblem, IntegrityReport } from '@barkeep/storage';
import { nextCandleFault } from './candle-fault.ts';
import type { CandleRows } from './candle-rows.ts';
import { coverageFaults } from './coverage-faults.ts';
import type { CoverageTable } from './coverage-table.ts';
import { periodsAround } from './damaged-segment.ts';
import { WHOLE_TABLE } from './maintenance/statement-plan.ts';
import { overlaidBy } from './overlaid-candles.ts';
import { type JudgedSegment, judgeSegments } from './segment-judgement.ts';
import type { Segments } from './segments.ts';
import type { SeriesRow, SeriesTable } from './series-table.ts';
import type { SqliteDriver, SqliteRow } from './sqlite-driver.ts';
import { reasonOf, schemaProblems, structureFaults, structureProblem } from './structure-check.ts';
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

/**
 * Reads everything, or one series, and compares it with the rules of the model and of the schema. Whatever
 * it comes upon is a finding.
 * @throws BarkeepError `BUSY`, `IO` or `DISK_FULL`, when it could not look.
 */
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
    if (key === undefined) {
      this.#part({}, () =>
        this.#reportAll(structureFaults(this.#tables.driver).map(structureProblem)),
      );
      this.#part({}, () => this.#reportAll(schemaProblems(this.#tables.driver)));
      this.#part({}, () => this.#checkReferences());
      this.#part({}, () => this.#checkMetadata());
      this.#part({}, () => this.#checkAll());
    } else {
      this.#checkOne(key);
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

  /** What nobody can make sense of ends one part of the check, whatever it does, and not the whole. */
  #part(where: Pick<IntegrityProblem, 'key' | 'interval'>, part: () => void): void {
    try {
      part();
    } catch (error) {
      const message = reasonOf(error);
      this.#report({ kind: 'damaged', repair: 'restore-backup', message, ...where });
    }
  }

  #reportAll(problems: readonly IntegrityProblem[]): void {
    for (const problem of problems) this.#report(problem);
  }

  #checkReferences(): void {
    const orphans = this.#tables.driver
      .prepare<SqliteRow>('SELECT "table", count(*) FROM pragma_foreign_key_check GROUP BY "table"')
      .all([]);
    for (const [table, count] of orphans) {
      this.#report({
        kind: 'reference',
        repair: 'quarantine',
        table: String(table),
        message: `${count} rows of ${table} belong to no series`,
      });
    }
  }

  #checkMetadata(): void {
    const faulty = this.#tables.driver
      .prepare<SqliteRow>(
        `SELECT quote(key) FROM metadata ${WHOLE_TABLE} WHERE NOT ifnull(json_valid(value), 0)`,
      )
      .all([]);
    for (const [key] of faulty) {
      this.#report({
        kind: 'damaged',
        repair: 'restore-backup',
        table: 'metadata',
        message: `the document ${key} is not JSON: set it anew, or restore a backup`,
      });
    }
  }

  #checkAll(): void {
    for (const { id, symbol, timeframe } of this.#tables.series.stored()) {
      if (isTimeframe(timeframe)) {
        this.#checkOne({ symbol, timeframe });
        continue;
      }
      const message = `series ${id}, of ${symbol}, has the timeframe ${timeframe}, which there is not`;
      this.#report({ kind: 'damaged', repair: 'quarantine', table: 'series', message });
    }
  }

  #checkOne(key: SeriesKey): void {
    // One snapshot per series: a longer one would keep the WAL from being reset meanwhile.
    this.#part({ key }, () =>
      inTransaction(this.#tables.driver, 'read', () => this.#checkSeries(key)),
    );
  }

  #checkSeries(key: SeriesKey): void {
    const series = this.#tables.series.find(key);
    if (series === undefined) return;
    if (series.count > 0) this.#series += 1;
    this.#part({ key }, () => this.#checkCandles(series));
    this.#part({ key }, () => this.#checkCoverage(series));
  }

  #checkCandles(series: SeriesRow): void {
    const { rows, segments } = this.#tables;
    const grid = timeframeGrid(series.key.timeframe);
    const rowsFound = this.#checkRows(series, grid);
    let found = rowsFound;
    let areAllReadable = true;
    const judgements = judgeSegments(series, segments, ({ first, message }) => {
      areAllReadable = false;
      this.#report({
        kind: 'damaged',
        repair: 'restore-backup',
        key: series.key,
        interval: periodsAround(series.key, { first, last: first }),
        table: 'segments',
        message: `the segment from ${first} on cannot be read: ${message}`,
      });
    });
    for (const judged of judgements) {
      this.#checkSegment(series, judged, grid);
      const { columns } = judged;
      if (columns === undefined) areAllReadable = false;
      else found += columns.timestamp.length - overlaidBy(series, columns.timestamp, rows);
    }
    this.#candles += found;
    this.#checkOverlap(series);
    // How many candles a damaged segment has beside those that rows overlay, nobody can tell.
    const isCounted = !areAllReadable || found === series.count;
    const first = smallest(rows.extent(series.id)?.first, segments.extent(series.id)?.first);
    const last = largest(rows.extent(series.id)?.last, segments.extent(series.id)?.last);
    const isFramed = first === (series.first ?? undefined) && last === (series.last ?? undefined);
    if (isCounted && isFramed && rowsFound === series.rowCount) return;
    this.#report({
      kind: 'counter',
      repair: 'recount',
      key: series.key,
      message:
        `the series says ${series.count} candles, ${series.rowCount} of them rows, from ` +
        `${series.first} to ${series.last}; there are ${found}, ${rowsFound} of them rows, ` +
        `from ${first} to ${last}`,
    });
  }

  #checkRows({ id, key }: SeriesRow, grid: TimeframeGrid): number {
    for (const values of this.#tables.rows.outside(id)) {
      const message = `a row is beyond all time: ${values}`;
      this.#report({ kind: 'value', repair: 'quarantine', key, message });
    }
    let found = 0;
    let from = ALL_TIME.from;
    for (;;) {
      const selection = { from, to: ALL_TIME.to, limit: BLOCK, take: 'first' } as const;
      const block = this.#tables.rows.readUnchecked(id, selection, 0);
      this.#checkValues(key, block, grid);
      const { timestamp } = block;
      found += timestamp.length;
      const final = timestamp.at(-1);
      if (final === undefined || timestamp.length < BLOCK) return found;
      from = final + 1;
    }
  }

  #checkSegment(
    { key }: SeriesRow,
    { segment, columns, fault }: JudgedSegment,
    grid: TimeframeGrid,
  ) {
    if (columns !== undefined) this.#checkValues(key, columns, grid);
    if (fault === undefined) return;
    const { message } = fault;
    const extent = fault.kind === 'misdescribed' ? fault.header : segment;
    this.#report({
      kind: fault.kind === 'overlapping' ? 'order' : 'damaged',
      repair: fault.kind === 'misdescribed' ? 'recount' : 'quarantine',
      key,
      interval: periodsAround(key, extent),
      message,
    });
  }

  /** By what the table says, which is what reads go by. */
  #checkOverlap({ id, key }: SeriesRow): void {
    const entries = this.#tables.segments.touching(id, ALL_TIME);
    for (const [i, entry] of entries.entries()) {
      if (entry.first > (entries[i - 1]?.last ?? Number.NEGATIVE_INFINITY)) continue;
      const message = 'a segment overlaps the one before it';
      const interval = periodsAround(key, entry);
      this.#report({ kind: 'order', repair: 'quarantine', key, interval, message });
    }
  }

  #checkValues(key: SeriesKey, candles: CandleColumns, grid: TimeframeGrid): void {
    let fault = nextCandleFault(candles, grid);
    while (fault !== undefined) {
      const at = candles.timestamp[fault.index] ?? Number.NaN;
      const message = `the candle at ${at} ${fault.what}`;
      const interval = { from: at, to: at + 1 };
      this.#report({ kind: 'value', repair: 'quarantine', key, interval, message });
      fault = nextCandleFault(candles, grid, fault.index + 1);
    }
  }

  #checkCoverage(series: SeriesRow): void {
    for (const { entry, message } of coverageFaults(series, this.#tables.coverage)) {
      const interval = { from: entry.from, to: entry.to };
      const problem = { kind: 'coverage', repair: 'forget-coverage', key: series.key } as const;
      this.#report({ ...problem, interval, message: `a coverage entry ${message}` });
    }
  }
}

function smallest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function largest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}
