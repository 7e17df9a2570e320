import { type Interval, isTimeframe, type SeriesKey, timeframeGrid } from '@barkeep/core';
import { readSegmentHeader } from '@barkeep/segment-codec';
import type { IntegrityRepair, RepairReport } from '@barkeep/storage';
import { type CandleFault, nextCandleFault } from './candle-fault.ts';
import type { CandleWriter } from './candle-writer.ts';
import { coverageFaults } from './coverage-faults.ts';
import { periodsAround } from './damaged-segment.ts';
import { judgeSegments, type SegmentFault } from './segment-judgement.ts';
import { type QuarantinedTables, SegmentQuarantine } from './segment-quarantine.ts';
import type { StoredSegment } from './segments.ts';
import { countedAnew } from './series-counters.ts';
import type { SeriesIdentity, SeriesRow, StoredSeries } from './series-table.ts';
import type { SqliteStatement } from './sqlite-driver.ts';
import { sqliteFailure } from './sqlite-failure.ts';
import { inTransaction } from './transaction.ts';

const MOST_REPAIRS = 1_000;
const BLOCK = 16_384;
const ALL_TIME: Interval = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };

export interface RepairedTables extends QuarantinedTables {
  readonly writer: CandleWriter;
}

/** A row that is no candle. */
interface FaultyRow extends CandleFault {
  readonly at: number;
  /** All of its values, as text. */
  readonly values: string;
}

/** What is wrong with a series, save its counters. */
interface SeriesFaults {
  readonly segments: readonly SegmentFault[];
  readonly rows: readonly FaultyRow[];
  readonly coverage: ReturnType<typeof coverageFaults>;
}

/**
 * Does what it takes for an integrity check to find nothing: counts anew, has tables say of segments what
 * those say, and takes out of the way what cannot be mended, with the coverage of its time. Nothing is
 * destroyed. What belongs to one series is one transaction.
 */
export class DatabaseRepair {
  readonly #tables: RepairedTables;
  readonly #quarantine: SegmentQuarantine;
  readonly #keepRow: SqliteStatement;
  readonly #repairs: IntegrityRepair[] = [];
  readonly #series: SeriesKey[] = [];
  #truncated = false;

  constructor(tables: RepairedTables) {
    this.#tables = tables;
    this.#quarantine = new SegmentQuarantine(tables);
    this.#keepRow = tables.driver.prepare(
      `INSERT INTO damaged_segments
         (series_id, first, last, count, format, checksum, data, reason)
       VALUES (?, ?, ?, 1, 0, 0, ?, ?)`,
    );
  }

  run(key: SeriesKey | undefined): RepairReport {
    const { driver, series } = this.#tables;
    if (key === undefined) {
      this.#repairIndexes();
      inTransaction(driver, 'write', () => this.#repairReferences());
      inTransaction(driver, 'write', () => this.#repairTimeframes());
    }
    for (const one of key === undefined ? series.keys() : [key]) {
      // Reading takes long and most series are sound, so the write lock waits until it is needed.
      if (inTransaction(driver, 'read', () => this.#isSound(one))) continue;
      inTransaction(driver, 'write', () => this.#repairSeries(one));
    }
    return { repairs: this.#repairs, truncated: this.#truncated, series: this.#series };
  }

  #note(repair: IntegrityRepair): void {
    if (this.#repairs.length < MOST_REPAIRS) this.#repairs.push(repair);
    else this.#truncated = true;
  }

  /** Indexes that lack entries, or have too many, are built anew from their tables. */
  #repairIndexes(): void {
    const { driver } = this.#tables;
    const findings = (): number => {
      const found = driver.prepare('PRAGMA integrity_check').all([]);
      return found.filter(([message]) => message !== 'ok').length;
    };
    const before = findings();
    if (before === 0) return;
    try {
      driver.exec('REINDEX');
    } catch (error) {
      // Tables that contradict their own keys: the check goes on to report them.
      if (sqliteFailure(error).code !== 'CORRUPT') throw error;
    }
    if (findings() < before) {
      this.#note({ kind: 'damaged', message: 'the indexes were built anew from their tables' });
    }
  }

  #repairReferences(): void {
    const series = this.#tables.series.adoptOrphans();
    if (series === 0) return;
    const message = `what belonged to ${series} series that are lost was set apart`;
    this.#note({ kind: 'reference', message });
  }

  #repairTimeframes(): void {
    const { series } = this.#tables;
    for (const one of series.stored()) {
      const key = this.#keyBySegments(one);
      if (key === undefined && isTimeframe(one.timeframe)) continue;
      if (key === undefined) {
        series.setApart(one);
        const message = `series ${one.id}, of ${one.symbol} with the timeframe ${one.timeframe}, was set apart`;
        this.#note({ kind: 'damaged', message });
        continue;
      }
      series.rename(one.id, key.timeframe);
      const message = `series ${one.id} had the timeframe ${one.timeframe}; by its segments it is ${key.timeframe}`;
      this.#noteSeries({ id: one.id, key });
      this.#note({ kind: 'damaged', key, message });
    }
  }

  /**
   * What a series is by its segments, when all of them say so and it does not. Nothing when there is one
   * like that already.
   */
  #keyBySegments({ id, symbol, timeframe }: StoredSeries): SeriesKey | undefined {
    const { segments, series } = this.#tables;
    const said = new Set<SeriesKey['timeframe'] | undefined>();
    for (const segment of segments.ids(id)) {
      said.add(timeframeIn(segments.stored(segment)));
      if (said.has(undefined) || said.size > 1) return undefined;
    }
    const [only] = said;
    if (only === undefined || only === timeframe) return undefined;
    const isTaken = series
      .stored()
      .some((other) => other.symbol === symbol && other.timeframe === only);
    return isTaken ? undefined : { symbol, timeframe: only };
  }

  #isSound(key: SeriesKey): boolean {
    const { series: table, rows, segments } = this.#tables;
    const series = table.find(key);
    if (series === undefined) return true;
    const faults = this.#faultsOf(series);
    if (Object.values(faults).some(({ length }) => length > 0)) return false;
    const { count, rowCount, first, last } = countedAnew(series, rows, segments);
    return (
      count === series.count &&
      rowCount === series.rowCount &&
      first === series.first &&
      last === series.last
    );
  }

  #faultsOf(series: SeriesRow): SeriesFaults {
    const grid = timeframeGrid(series.key.timeframe);
    const segments: SegmentFault[] = [];
    for (const { segment, columns, fault } of judgeSegments(series, this.#tables.segments)) {
      const bad = columns && nextCandleFault(columns, grid);
      if (bad !== undefined) {
        const message = `its candle at ${columns?.timestamp[bad.index]} ${bad.what}`;
        segments.push({ kind: 'damaged', segment, message });
      } else if (fault !== undefined) {
        segments.push(fault);
      }
    }
    const coverage = coverageFaults(series, this.#tables.coverage);
    return { segments, rows: this.#faultyRows(series), coverage };
  }

  #faultyRows({ id, key }: SeriesRow): FaultyRow[] {
    const grid = timeframeGrid(key.timeframe);
    const faulty: FaultyRow[] = [];
    let { from } = ALL_TIME;
    for (;;) {
      const selection = { from, to: ALL_TIME.to, limit: BLOCK, take: 'first' } as const;
      const block = this.#tables.rows.readUnchecked(id, selection, 0);
      let fault = nextCandleFault(block, grid);
      while (fault !== undefined) {
        const { index } = fault;
        const values = Object.entries(block).map(([name, column]) => [name, String(column[index])]);
        const at = block.timestamp[index] ?? Number.NaN;
        faulty.push({ ...fault, at, values: JSON.stringify(Object.fromEntries(values)) });
        fault = nextCandleFault(block, grid, index + 1);
      }
      const final = block.timestamp.at(-1);
      if (final === undefined || block.timestamp.length < BLOCK) return faulty;
      from = final + 1;
    }
  }

  #repairSeries(key: SeriesKey): void {
    const { series: table, rows, segments } = this.#tables;
    const series = table.find(key);
    if (series === undefined) return;
    const faults = this.#faultsOf(series);
    this.#repairSegments(series, faults.segments);
    for (const row of faults.rows) this.#setRowApart(series, row);
    for (const { entry, message } of faults.coverage) {
      this.#tables.coverage.drop(series.id, entry.from);
      const interval = { from: entry.from, to: entry.to };
      this.#note({
        kind: 'coverage',
        key,
        interval,
        message: `an entry that ${message} was dropped`,
      });
    }
    const counted = countedAnew(series, rows, segments);
    const givenUp = faults.segments.reduce(
      (sum, { kind, segment }) => sum + (kind === 'misdescribed' ? 0 : segment.count),
      faults.rows.length,
    );
    const rowsGivenUp = faults.rows.length;
    const isLost =
      counted.count + givenUp < series.count || counted.rowCount + rowsGivenUp < series.rowCount;
    if (isLost) this.#forgetCoverage(series);
    if (counted.count !== series.count || counted.rowCount !== series.rowCount) {
      const message = `counted anew: ${counted.count} candles instead of ${series.count}, ${counted.rowCount} of them rows instead of ${series.rowCount}`;
      this.#note({ kind: 'counter', key, message });
    }
    if (counted.first !== series.first || counted.last !== series.last) {
      const message = `from ${counted.first} to ${counted.last} instead of ${series.first} to ${series.last}`;
      this.#note({ kind: 'counter', key, message });
    }
    table.update({ id: series.id, ...counted });
    this.#noteSeries(series);
  }

  #repairSegments(series: SeriesRow, faults: readonly SegmentFault[]): void {
    const { key } = series;
    for (const { interval, message } of this.#quarantine.mend(series, faults)) {
      this.#note({
        kind: 'damaged',
        key,
        interval,
        message: `a segment was set apart: ${message}`,
      });
    }
    for (const fault of faults) {
      if (fault.kind !== 'misdescribed') continue;
      const { header, message } = fault;
      this.#note({ kind: 'damaged', key, interval: periodsAround(key, header), message });
    }
  }

  /** With the candle of a segment that it overlays: that one is out of date. */
  #setRowApart(series: SeriesRow, { at, values, what }: FaultyRow): void {
    const { id, key } = series;
    const interval = periodsAround(key, { first: at, last: at });
    this.#keepRow.run([id, at, at, new TextEncoder().encode(values), what]);
    this.#tables.rows.remove(id, { from: at, to: at + 1 });
    this.#tables.writer.remove(series, interval);
    this.#tables.coverage.remove(id, interval);
    const message = `the candle at ${at}, which ${what}, was set apart`;
    this.#note({ kind: 'value', key, interval, message });
  }

  /** Where candles are lost of which nothing is left, nobody knows when they were. */
  #forgetCoverage({ id, key }: SeriesRow): void {
    if (!this.#tables.coverage.remove(id, ALL_TIME)) return;
    const message = 'candles are lost, nobody knows which: the series is not covered any more';
    this.#note({ kind: 'coverage', key, message });
  }

  /** Whatever was kept of a series elsewhere is to be read again. */
  #noteSeries({ id, key }: SeriesIdentity): void {
    const { changes, revisions } = this.#tables;
    const change = changes.append('candles', id, ALL_TIME);
    revisions.renew({ id, key }, ALL_TIME, change);
    changes.append('coverage', id, ALL_TIME);
    this.#series.push(key);
  }
}

/** What a segment says of itself, whose bytes are those that were stored. */
function timeframeIn(segment: StoredSegment | undefined): SeriesKey['timeframe'] | undefined {
  if (segment === undefined) return undefined;
  try {
    const { timeframe, checksum } = readSegmentHeader(segment.data);
    return checksum === segment.checksum ? timeframe : undefined;
  } catch (error) {
    // One that cannot be read says nothing, and leaves it open whether the others are right.
    if (sqliteFailure(error).code !== 'CORRUPT') throw error;
    return undefined;
  }
}
