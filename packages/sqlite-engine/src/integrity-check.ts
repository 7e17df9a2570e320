import {
  coverageFaults,
  decide,
  inspectCandles,
  periodsAround,
  type SegmentFault,
  type SeriesRow,
} from '@barkeep/candle-archive';
import { isTimeframe, type SeriesKey } from '@barkeep/core';
import { EVER, type IntegrityProblem, type IntegrityReport } from '@barkeep/storage';
import { WHOLE_TABLE } from './maintenance/statement-plan.ts';
import type { SqliteArchive } from './sqlite-archive.ts';
import type { SqliteRow } from './sqlite-driver.ts';
import { reasonOf, schemaProblems, structureFaults, structureProblem } from './structure-check.ts';
import { inTransaction } from './transaction.ts';

const MOST_PROBLEMS = 1_000;

/**
 * Reads everything, or one series, and compares it with the rules of the model and of the schema. Whatever
 * it comes upon is a finding.
 * @throws BarkeepError `BUSY`, `IO` or `DISK_FULL`, when it could not look.
 */
export function checkIntegrity(archive: SqliteArchive, key?: SeriesKey): IntegrityReport {
  return new IntegrityCheck(archive).run(key);
}

class IntegrityCheck {
  readonly #archive: SqliteArchive;
  readonly #problems: IntegrityProblem[] = [];
  #truncated = false;
  #series = 0;
  #candles = 0;

  constructor(archive: SqliteArchive) {
    this.#archive = archive;
  }

  run(key: SeriesKey | undefined): IntegrityReport {
    if (key === undefined) {
      this.#part({}, () =>
        this.#reportAll(structureFaults(this.#archive.driver).map(structureProblem)),
      );
      this.#part({}, () => this.#reportAll(schemaProblems(this.#archive.driver)));
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
    const orphans = this.#archive.driver
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
    const faulty = this.#archive.driver
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
    for (const { id, symbol, timeframe } of this.#archive.series.stored()) {
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
      inTransaction(this.#archive.driver, 'read', () => this.#checkSeries(key)),
    );
  }

  #checkSeries(key: SeriesKey): void {
    const series = this.#archive.find(key);
    if (series === undefined) return;
    if (series.count > 0) this.#series += 1;
    this.#part({ key }, () => this.#checkCandles(series));
    this.#part({ key }, () => this.#checkCoverage(series));
  }

  #checkCandles(series: SeriesRow): void {
    const { key } = series;
    for (const values of this.#archive.rowsOf(series).outside(series.id)) {
      const message = `a row is beyond all time: ${values}`;
      this.#report({ kind: 'value', repair: 'quarantine', key, message });
    }
    const findings = decide(inspectCandles(series), this.#archive);
    const { counted, segments, unreadable } = findings;
    const unknown = findings.optional.filter((name) => !series.optional.includes(name));
    if (unknown.length > 0 || this.#archive.misplacedRows(series) > 0) {
      const columns = series.optional.join(', ') || 'none';
      const message = `the series says of its optional columns: ${columns}. Candles have others`;
      this.#report({ kind: 'counter', repair: 'recount', key, message });
    }
    for (const { at, what } of [...findings.faultyRows, ...findings.faultyCandles]) {
      const message = `the candle at ${at} ${what}`;
      const interval = { from: at, to: at + 1 };
      this.#report({ kind: 'value', repair: 'quarantine', key, interval, message });
    }
    for (const { first, message } of unreadable) {
      this.#report({
        kind: 'damaged',
        repair: 'restore-backup',
        key,
        interval: periodsAround(key, { first, last: first }),
        table: 'segments',
        message: `the segment from ${first} on cannot be read: ${message}`,
      });
    }
    for (const fault of segments) this.#reportSegment(key, fault);
    this.#candles += counted.count;
    this.#checkOverlap(series);
    // How many candles a damaged segment has beside those that rows overlay, nobody can tell.
    const areAllReadable =
      unreadable.length === 0 && segments.every(({ kind }) => kind === 'misdescribed');
    const isCounted = !areAllReadable || counted.count === series.count;
    const { first = null, last = null } = this.#archive.extent(series) ?? {};
    const isFramed = first === series.first && last === series.last;
    if (isCounted && isFramed && counted.rowCount === series.rowCount) return;
    this.#report({
      kind: 'counter',
      repair: 'recount',
      key,
      message:
        `the series says ${series.count} candles, ${series.rowCount} of them rows, from ` +
        `${series.first} to ${series.last}; there are ${counted.count}, ${counted.rowCount} of them ` +
        `rows, from ${first} to ${last}`,
    });
  }

  #reportSegment(key: SeriesKey, fault: SegmentFault): void {
    const extent = fault.kind === 'misdescribed' ? fault.header : fault.segment;
    this.#report({
      kind: fault.kind === 'overlapping' ? 'order' : 'damaged',
      repair: fault.kind === 'misdescribed' ? 'recount' : 'quarantine',
      key,
      interval: periodsAround(key, extent),
      message: fault.message,
    });
  }

  /** By what the table says, which is what reads go by. */
  #checkOverlap({ id, key }: SeriesRow): void {
    const entries = this.#archive.candleSegments.touching(id, EVER);
    for (const [i, entry] of entries.entries()) {
      if (entry.first > (entries[i - 1]?.last ?? Number.NEGATIVE_INFINITY)) continue;
      const message = 'a segment overlaps the one before it';
      const interval = periodsAround(key, entry);
      this.#report({ kind: 'order', repair: 'quarantine', key, interval, message });
    }
  }

  #checkCoverage({ id, key }: SeriesRow): void {
    for (const { entry, message } of coverageFaults(key, this.#archive.coverage.of(id))) {
      const interval = { from: entry.from, to: entry.to };
      const problem = { kind: 'coverage', repair: 'forget-coverage', key } as const;
      this.#report({ ...problem, interval, message: `a coverage entry ${message}` });
    }
  }
}
