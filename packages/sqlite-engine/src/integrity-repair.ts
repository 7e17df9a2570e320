import {
  assertReadable,
  type CandleFindings,
  candlesChanged,
  coverageFaults,
  coverageRemoved,
  cutSegments,
  decide,
  type FaultyCandle,
  inspectCandles,
  mendSegments,
  periodsAround,
  type SegmentFault,
  type SeriesIdentity,
  type SeriesRow,
  type StoredSegment,
} from '@barkeep/candle-archive';
import {
  BarkeepError,
  type EpochMs,
  type Interval,
  isTimeframe,
  OPTIONAL_COLUMNS,
  type SeriesKey,
  timeframeGrid,
} from '@barkeep/core';
import { readSegmentHeader } from '@barkeep/segment-codec';
import {
  EVER,
  type IntegrityProblem,
  type IntegrityRepair,
  type RepairReport,
} from '@barkeep/storage';
import { checkIntegrity } from './integrity-check.ts';
import { vacuum } from './maintenance/vacuum.ts';
import { SCHEMA } from './schema-shape.ts';
import type { StoredSeries } from './series-table.ts';
import type { SqliteArchive } from './sqlite-archive.ts';
import type { SqliteStatement } from './sqlite-driver.ts';
import { sqliteFailure } from './sqlite-failure.ts';
import { reasonOf, type StructureFault, structureFaults } from './structure-check.ts';
import { inTransaction } from './transaction.ts';

const MOST_REPAIRS = 1_000;

/** In the order in which they are needed by each other. */
const EXPENDABLE = ['change_log', 'revisions', 'leases', 'coverage'] as const;
const EMPTIED = {
  change_log: 'other connections are told that they have missed changes',
  revisions: 'every series was given a new one',
  leases: 'nobody has one any more',
  coverage: 'nothing is covered any more',
} as const;
/** The columns of the change log that hold numbers. */
const CHANGE_COLUMNS = ['writer', 'series_id', 'from_time', 'to_time'] as const;
/** Where damaged pages would mislead a repair, or be led astray by it. */
const NEEDED_TABLES: readonly string[] = [
  'sqlite_schema',
  'series',
  'candle_rows',
  'wide_candle_rows',
  'segments',
  'coverage',
];

/** Mends what a check finds in all series, or in one, as far as that can be done. */
export function repairDatabase(archive: SqliteArchive, key: SeriesKey | undefined): RepairReport {
  const { ok, problems } = checkIntegrity(archive, key);
  if (ok) return reportOf([], []);
  let repair: DatabaseRepair;
  try {
    repair = new DatabaseRepair(archive);
  } catch (error) {
    // Tables that it needs are not there, as the check has found.
    reasonOf(error);
    return reportOf([], problems);
  }
  return repair.run(key);
}

function reportOf(
  repairs: readonly IntegrityRepair[],
  problems: readonly IntegrityProblem[],
  rest: Partial<RepairReport> = {},
): RepairReport {
  const remaining = problems.map((problem) => ({ ...problem, repair: 'restore-backup' }) as const);
  return { repairs, truncated: false, series: [], ...rest, remaining };
}

/**
 * Does what it takes for an integrity check to find nothing: counts anew, has tables say of segments what
 * those say, and takes out of the way what cannot be mended, with the coverage of its time. Nothing is
 * destroyed. What belongs to one series is one transaction.
 */
class DatabaseRepair {
  readonly #archive: SqliteArchive;
  readonly #keepRow: SqliteStatement;
  readonly #repairs: IntegrityRepair[] = [];
  readonly #series: SeriesKey[] = [];
  #truncated = false;

  constructor(archive: SqliteArchive) {
    this.#archive = archive;
    this.#keepRow = archive.driver.prepare(
      `INSERT INTO damaged_segments
         (series_id, first, last, count, format, checksum, data, reason)
       VALUES (?, ?, ?, 1, 0, 0, ?, ?)`,
    );
  }

  run(key: SeriesKey | undefined): RepairReport {
    if (key === undefined) this.#repairFile();
    const faults = structureFaults(this.#archive.driver);
    if (faults.some(isInTheWay)) this.#distrust(key, faults);
    else this.#repairContent(key);
    const { problems } = checkIntegrity(this.#archive, key);
    const [truncated, series] = [this.#truncated, this.#series];
    return reportOf(this.#repairs, problems, { truncated, series });
  }

  #note(repair: IntegrityRepair): void {
    if (this.#repairs.length < MOST_REPAIRS) this.#repairs.push(repair);
    else this.#truncated = true;
  }

  /** What cannot be repaired is left as it is, and the check that follows reports it. */
  #part(work: () => void): void {
    const [repairs, series] = [this.#repairs.length, this.#series.length];
    try {
      work();
    } catch (error) {
      reasonOf(error);
      // It was rolled back.
      this.#repairs.length = repairs;
      this.#series.length = series;
    }
  }

  /** What follows from the tables: it can be made anew where those are sound. */
  #repairFile(): void {
    const { driver } = this.#archive;
    const faults = structureFaults(driver);
    if (faults.some(({ part }) => part === 'space') && !faults.some(isUnreadable)) {
      // Before anything is written: pages in use could be among those that are said to be free.
      this.#part(() => {
        vacuum(driver);
        this.#note({ kind: 'damaged', message: 'the file was built anew from its tables' });
      });
    }
    if (faults.some(({ part }) => part === 'index' || part === 'tree')) {
      this.#part(() => inTransaction(driver, 'write', () => this.#repairIndexes()));
    }
    for (const table of EXPENDABLE) {
      if (!faults.some((fault) => fault.part === 'tree' && fault.table === table)) continue;
      this.#part(() => inTransaction(driver, 'write', () => this.#empty(table)));
    }
    if (structureFaults(driver).some(isInTheWay)) return;
    this.#part(() => inTransaction(driver, 'write', () => this.#repairViews()));
    this.#part(() => inTransaction(driver, 'write', () => this.#repairValues(faults)));
    this.#part(() => inTransaction(driver, 'write', () => this.#repairReferences()));
    this.#part(() => inTransaction(driver, 'write', () => this.#repairTimeframes()));
  }

  /** Indexes that contradict their tables are built anew from them. */
  #repairIndexes(): void {
    const { driver, series, candleSegments } = this.#archive;
    const before = structureFaults(driver).length;
    const [doubtfulSeries, doubtfulSegments] = [
      series.contradicted(),
      candleSegments.contradicted(),
    ];
    driver.exec('REINDEX');
    for (const one of doubtfulSeries) {
      series.setApart(one);
      const { id, symbol, timeframe } = one;
      const message = `series ${id} was set apart: whether it is that of ${symbol} ${timeframe}, nobody can tell`;
      this.#note({ kind: 'damaged', message });
    }
    for (const id of doubtfulSegments) this.#setContradictedApart(id);
    if (structureFaults(driver).length >= before) {
      throw new BarkeepError('CORRUPT', 'building the indexes anew has not mended the file');
    }
    this.#note({ kind: 'damaged', message: 'the indexes were built anew from their tables' });
  }

  /** Of a segment that table and index give to two series: the recount then finds both wanting. */
  #setContradictedApart(id: number): void {
    const { candleSegments } = this.#archive;
    candleSegments.keep(id, 'table and index give it to two series');
    candleSegments.delete(id);
    const message = 'a segment was set apart: to which series it belongs, nobody can tell';
    this.#note({ kind: 'damaged', message });
  }

  /** Of a table whose pages are damaged, and whose content can be had again. */
  #empty(table: (typeof EXPENDABLE)[number]): void {
    const { driver, series } = this.#archive;
    const before = new Set(structureFaults(driver).map(({ message }) => message));
    // Its pages are set free. Were one of them another table's as well, the check would find that.
    driver.exec(`DELETE FROM ${table}`);
    const after = structureFaults(driver);
    if (after.some((fault) => fault.table === table || !before.has(fault.message))) {
      throw new BarkeepError('CORRUPT', `emptying ${table} has not mended the file`);
    }
    this.#note({ kind: 'damaged', message: `the table ${table} was emptied: ${EMPTIED[table]}` });
    if (table === 'leases') return;
    if (table !== 'coverage') driver.exec('DELETE FROM revisions');
    if (table === 'change_log') this.#archive.changes.startAnew();
    for (const key of series.keys()) {
      const found = series.find(key);
      if (found !== undefined) this.#noteSeries(found);
    }
  }

  #repairViews(): void {
    const { driver } = this.#archive;
    for (const [view, statement] of SCHEMA.alteredViews(SCHEMA.read(driver))) {
      driver.exec(`DROP VIEW IF EXISTS ${view}`);
      driver.exec(statement);
      this.#note({ kind: 'damaged', message: `the view ${view} was made anew` });
    }
  }

  /** What holds values of another type, and can be forgotten. */
  #repairValues(faults: readonly StructureFault[]): void {
    const { driver, series } = this.#archive;
    const tables = new Set(faults.filter(({ part }) => part === 'value').map(({ table }) => table));
    if (tables.has('leases')) {
      driver.exec('DELETE FROM leases');
      this.#note({ kind: 'damaged', message: 'the leases were forgotten' });
    }
    if (tables.has('change_log')) {
      driver.exec(`DELETE FROM change_log WHERE ${CHANGE_COLUMNS.map(isMistyped).join(' OR ')}`);
      this.#note({ kind: 'damaged', message: 'entries of the change log were dropped' });
    }
    if (tables.has('revisions')) {
      driver.exec('DELETE FROM revisions');
      this.#note({ kind: 'damaged', message: 'every series was given new revisions' });
    }
    if (!tables.has('change_log') && !tables.has('revisions')) return;
    for (const key of series.keys()) {
      const found = series.find(key);
      if (found !== undefined) this.#noteSeries(found);
    }
  }

  /**
   * Where pages of candles cannot be relied on, a read of a few may come upon fewer than there are. So
   * that none passes for complete, nothing is covered any more. No damaged table is written to: what is
   * written could end up in the wrong place.
   */
  #distrust(key: SeriesKey | undefined, faults: readonly StructureFault[]): void {
    const isSound = faults.every(({ part }) => part === 'space');
    if (isSound || faults.some(({ table }) => table === 'coverage')) return;
    this.#part(() => {
      for (const one of key === undefined ? this.#archive.series.keys() : [key]) {
        this.#part(() => inTransaction(this.#archive.driver, 'write', () => this.#uncover(one)));
      }
    });
  }

  #uncover(key: SeriesKey): void {
    const found = this.#archive.find(key);
    if (found === undefined || !this.#archive.coverage.clear(found.id)) return;
    this.#archive.apply([{ series: found, log: [{ kind: 'coverage', range: EVER }] }]);
    this.#series.push(key);
    const message = 'pages are damaged: the series is not covered any more';
    this.#note({ kind: 'coverage', key, message });
  }

  #repairContent(key: SeriesKey | undefined): void {
    const { driver, series } = this.#archive;
    this.#part(() => {
      for (const one of key === undefined ? series.keys() : [key]) {
        this.#part(() => {
          // Reading takes long and most series are sound, so the write lock waits until it is needed.
          if (inTransaction(driver, 'read', () => this.#isSound(one))) return;
          inTransaction(driver, 'write', () => this.#repairSeries(one));
        });
      }
    });
  }

  #repairReferences(): void {
    const series = this.#archive.series.adoptOrphans();
    if (series === 0) return;
    const message = `what belonged to ${series} series that are lost was set apart`;
    this.#note({ kind: 'reference', message });
  }

  #repairTimeframes(): void {
    const { series } = this.#archive;
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
      this.#noteSeries({ id: one.id, key, optional: [] });
      this.#note({ kind: 'damaged', key, message });
    }
  }

  /**
   * What a series is by its segments, when all of them say so and it does not. Nothing when there is one
   * like that already.
   */
  #keyBySegments({ id, symbol, timeframe }: StoredSeries): SeriesKey | undefined {
    const { candleSegments, series } = this.#archive;
    const said = new Set<SeriesKey['timeframe'] | undefined>();
    for (const [segment] of candleSegments.ids(id)) {
      said.add(timeframeIn(candleSegments.stored(segment)));
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
    const series = this.#archive.find(key);
    if (series === undefined) return true;
    const { counted, faultyRows, optional, ...segments } = this.#inspect(series);
    const { count, rowCount, first, last } = counted;
    return (
      optional.every((name) => series.optional.includes(name)) &&
      this.#archive.misplacedRows(series) === 0 &&
      faultyRows.length === 0 &&
      segmentFaults(segments).length === 0 &&
      coverageFaults(key, this.#archive.coverage.of(series.id)).length === 0 &&
      this.#archive.rowsOf(series).countAll(series.id) === rowCount &&
      count === series.count &&
      rowCount === series.rowCount &&
      first === series.first &&
      last === series.last
    );
  }

  /** @throws BarkeepError `CORRUPT` where a segment cannot be read. */
  #inspect(series: SeriesRow): CandleFindings {
    const findings = decide(inspectCandles(series), this.#archive);
    assertReadable(findings.unreadable);
    return findings;
  }

  #repairSeries(key: SeriesKey): void {
    const found = this.#archive.find(key);
    if (found === undefined) return;
    const series = this.#repairColumns(found);
    this.#repairCoverage(series);
    const { faultyRows, ...findings } = this.#inspect(series);
    const faults = segmentFaults(findings);
    const givenUp = faults.filter(({ kind }) => kind !== 'misdescribed');
    // Of a segment that is given up, nobody can tell which candles rows have overlaid.
    const overlaid = sum(givenUp.map(({ segment }) => this.#rowsAmong(series, segment)));
    this.#repairSegments(series, faults);
    for (const row of faultyRows) this.#setRowApart(series, row, faultyRows);
    const outside = this.#setOutsideApart(series);
    const { counted } = this.#inspect(series);
    const rowsGivenUp = faultyRows.length + outside;
    const most = counted.count + rowsGivenUp + sum(givenUp.map(({ segment }) => segment.count));
    const isAsCounted =
      series.count <= most &&
      series.count >= most - overlaid &&
      series.rowCount === counted.rowCount + rowsGivenUp;
    // Candles are lost or another's, or the count is damaged; and where a lost one was, nobody knows.
    if (!isAsCounted || outside > 0) this.#forgetCoverage(series);
    if (counted.count !== series.count || counted.rowCount !== series.rowCount) {
      const message = `counted anew: ${counted.count} candles instead of ${series.count}, ${counted.rowCount} of them rows instead of ${series.rowCount}`;
      this.#note({ kind: 'counter', key, message });
    }
    if (counted.first !== series.first || counted.last !== series.last) {
      const message = `from ${counted.first} to ${counted.last} instead of ${series.first} to ${series.last}`;
      this.#note({ kind: 'counter', key, message });
    }
    this.#archive.series.update(series.id, counted);
    this.#noteSeries(series);
  }

  /** Has the series say which optional columns it has, and its rows be where it then looks for them. */
  #repairColumns(series: SeriesRow): SeriesRow {
    const { key } = series;
    const isMisplaced = this.#archive.misplacedRows(series) > 0;
    const table = this.#archive.series;
    // All rows to the table that has room for any, before it is seen what there is.
    if (isMisplaced) table.setOptional({ ...series, optional: [] }, OPTIONAL_COLUMNS);
    const wide = { ...series, optional: isMisplaced ? OPTIONAL_COLUMNS : series.optional };
    const found = this.#inspect(wide).optional;
    const had = series.optional;
    if (!isMisplaced && found.every((name) => had.includes(name))) return series;
    const all = OPTIONAL_COLUMNS.filter((name) => had.includes(name) || found.includes(name));
    const optional = all.length === 0 ? OPTIONAL_COLUMNS : all;
    table.setOptional(wide, optional);
    const message = `its optional columns are ${optional.join(', ')}`;
    this.#note({ kind: 'counter', key, message });
    return { ...series, optional };
  }

  #rowsAmong(series: SeriesRow, segment: StoredSegment): number {
    const { id, key } = series;
    const most = Math.max(0, segment.count);
    return this.#archive.rowsOf(series).count(id, periodsAround(key, segment), most);
  }

  #repairCoverage({ id, key }: SeriesRow): void {
    const { coverage } = this.#archive;
    for (const { entry, message } of coverageFaults(key, coverage.of(id))) {
      coverage.drop(id, entry.from);
      const interval = { from: entry.from, to: entry.to };
      const done = `an entry that ${message} was dropped`;
      this.#note({ kind: 'coverage', key, interval, message: done });
    }
    // One whose beginning is no number that can be asked for.
    if (coverageFaults(key, coverage.of(id)).length > 0) coverage.clear(id);
  }

  #repairSegments(series: SeriesRow, faults: readonly SegmentFault[]): void {
    const { key } = series;
    const { runs, change } = mendSegments(series, faults, this.#archive.coverage.of(series.id));
    this.#archive.apply([change]);
    for (const { interval, message: reason } of runs) {
      const message = `a segment was set apart: ${reason}`;
      this.#note({ kind: 'damaged', key, interval, message });
    }
    for (const fault of faults) {
      if (fault.kind !== 'misdescribed') continue;
      const { header, message } = fault;
      this.#note({ kind: 'damaged', key, interval: periodsAround(key, header), message });
    }
  }

  /** With the candle of a segment that it overlays: that one is out of date. */
  #setRowApart(series: SeriesRow, row: FaultyCandle, faulty: readonly FaultyCandle[]): void {
    const { id, key } = series;
    const { at, what } = row;
    const { coverage } = this.#archive;
    this.#keepRow.run([id, at, at, new TextEncoder().encode(this.#valuesOf(series, at)), what]);
    this.#archive.rowsOf(series).remove(id, { from: at, to: at + 1 });
    const isInPlace = timeframeGrid(key.timeframe).isAligned(at);
    const interval = isInPlace
      ? periodsAround(key, { first: at, last: at })
      : this.#betweenSound(series, at, faulty);
    if (isInPlace) {
      const cut = decide(cutSegments(series, interval), this.#archive);
      this.#archive.apply([{ series, ...cut, removedRows: [interval] }]);
    }
    const uncovered = coverageRemoved(coverage.touching(id, [interval]), [interval]);
    this.#archive.apply([{ series, ...uncovered, log: [] }]);
    const message = `the candle at ${at}, which ${what}, was set apart`;
    this.#note({ kind: 'value', key, interval, message });
  }

  /** All values of a row, as text. */
  #valuesOf(series: SeriesRow, at: EpochMs): string {
    const selection = { from: at, to: at + 1, limit: 1, take: 'first' } as const;
    const row = this.#archive.rows(series, selection);
    const values = Object.entries(row).map(([name, [value]]) => [name, String(value)]);
    return JSON.stringify(Object.fromEntries(values));
  }

  /** Where a row was whose timestamp is damaged: rows are in order, so between the sound ones beside it. */
  #betweenSound(series: SeriesRow, at: EpochMs, faulty: readonly FaultyCandle[]): Interval {
    const isFaulty = new Set(faulty.map((row) => row.at));
    const beside = (take: 'first' | 'last'): EpochMs | undefined => {
      const selection = take === 'first' ? { ...EVER, from: at } : { ...EVER, to: at };
      const found = this.#archive.rows(series, { ...selection, limit: isFaulty.size + 1, take });
      const sound = [...found.timestamp].filter((timestamp) => !isFaulty.has(timestamp));
      return take === 'first' ? sound[0] : sound.at(-1);
    };
    const [before, after] = [beside('last'), beside('first')];
    return {
      from: before === undefined ? EVER.from : timeframeGrid(series.key.timeframe).shift(before),
      to: after ?? EVER.to,
    };
  }

  /** Rows beyond all time. Returns how many there were. */
  #setOutsideApart(series: SeriesRow): number {
    const { id, key } = series;
    const candleRows = this.#archive.rowsOf(series);
    for (const values of candleRows.outside(id)) {
      const reason = 'is beyond all time';
      this.#keepRow.run([id, 0, 0, new TextEncoder().encode(values), reason]);
      const message = `a row that ${reason} was set apart`;
      this.#note({ kind: 'value', key, message });
    }
    return candleRows.removeOutside(id);
  }

  /** Where candles are lost of which nothing is left, nobody knows when they were. */
  #forgetCoverage({ id, key }: SeriesRow): void {
    if (!this.#archive.coverage.clear(id)) return;
    const message =
      'candles and their count disagree, nobody knows where: the series is not covered any more';
    this.#note({ kind: 'coverage', key, message });
  }

  /** Whatever was kept of a series elsewhere is to be read again. */
  #noteSeries(series: SeriesIdentity): void {
    const { key } = series;
    const log = [candlesChanged(key, EVER), { kind: 'coverage', range: EVER } as const];
    this.#archive.apply([{ series, log }]);
    this.#series.push(key);
  }
}

/** What is wrong with segments; one with a candle that breaks a rule is given up. */
function segmentFaults({
  segments,
  faultyCandles,
}: Pick<CandleFindings, 'segments' | 'faultyCandles'>): SegmentFault[] {
  const faults = new Map(segments.map((fault) => [fault.segment.id, fault]));
  for (const { segment, at, what } of faultyCandles.toReversed()) {
    const message = `its candle at ${at} ${what}`;
    faults.set(segment.id, { kind: 'damaged', segment, message });
  }
  return [...faults.values()];
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

/** Whether a fault of the file would mislead a repair of what is in it. */
function isInTheWay({ part, table }: StructureFault): boolean {
  if (part === 'value') return false;
  if (part === 'unknown' || part === 'space') return true;
  return table === undefined || NEEDED_TABLES.includes(table);
}

function isUnreadable({ part }: StructureFault): boolean {
  return part === 'tree' || part === 'unknown';
}

function isMistyped(column: string): string {
  return `typeof(${column}) <> 'integer'`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
