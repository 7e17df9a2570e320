import {
  type ArchiveChange,
  type ArchivedState,
  type CandleSelection,
  type ChangeLoad,
  decide,
  type FoldLoad,
  type FoldPage,
  isEnough,
  joinExtents,
  type LoadedCandles,
  type LoadedChange,
  type LoadedSegment,
  mostCandles,
  type ReadLoad,
  readCandles,
  type SegmentId,
  type SeriesIdentity,
  type StateLoad,
  type StoredSegment,
  type SyncArchivePort,
  type UnreadableSegment,
} from '@barkeep/candle-archive';
import {
  allocateColumns,
  type CandleColumns,
  COLUMN_NAMES,
  type Interval,
  OPTIONAL_COLUMNS,
  type SeriesKey,
} from '@barkeep/core';
import { CandleRows } from './candle-rows.ts';
import { ChangeLog } from './change-log.ts';
import { CoverageTable } from './coverage-table.ts';
import { RevisionTable } from './revision-table.ts';
import { Segments } from './segments.ts';
import { SeriesTable } from './series-table.ts';
import type { SqliteDriver } from './sqlite-driver.ts';
import { sqliteFailure } from './sqlite-failure.ts';

const PIECE = 65_536;

/** The tables of a database, as an archive needs them. The caller holds the transaction. */
export class SqliteArchive implements SyncArchivePort {
  readonly driver: SqliteDriver;
  readonly series: SeriesTable;
  readonly candleSegments: Segments;
  readonly coverage: CoverageTable;
  readonly changes: ChangeLog;
  readonly revisions: RevisionTable;
  readonly #rows: CandleRows;
  #wideRows: CandleRows | undefined;

  /** `writer` tells entries of this connection in the change log from others'. */
  constructor(driver: SqliteDriver, writer: number) {
    this.driver = driver;
    this.series = new SeriesTable(driver);
    this.#rows = new CandleRows(driver, 'candle_rows');
    this.candleSegments = new Segments(driver);
    this.coverage = new CoverageTable(driver);
    this.changes = new ChangeLog(driver, writer);
    this.revisions = new RevisionTable(driver);
  }

  /** Where the rows of a series are. */
  rowsOf({ optional }: Pick<SeriesIdentity, 'optional'>): CandleRows {
    if (optional.length === 0) return this.#rows;
    // Few databases need it.
    this.#wideRows ??= new CandleRows(this.driver, 'wide_candle_rows');
    return this.#wideRows;
  }

  /** How many rows a series has where none is looked for. */
  misplacedRows({ id, optional }: SeriesIdentity): number {
    return this.rowsOf({ optional: optional.length === 0 ? OPTIONAL_COLUMNS : [] }).countAll(id);
  }

  /** The candles of a series in a range, some at a time. */
  *pieces(key: SeriesKey, { from, to }: Interval): Generator<CandleColumns, void, void> {
    let next = from;
    while (next < to) {
      const query = { key, from: next, to, limit: PIECE, take: 'first' } as const;
      const [piece] = decide(readCandles([query], COLUMN_NAMES), this);
      const last = piece?.timestamp.at(-1);
      if (piece === undefined || last === undefined) return;
      yield piece;
      if (piece.timestamp.length < PIECE || last < next) return;
      next = last + 1;
    }
  }

  hold(loads: readonly ChangeLoad[]): (LoadedChange | undefined)[] {
    return loads.map((load) => {
      const series = load.creates ? this.series.findOrCreate(load.key) : this.series.find(load.key);
      if (series === undefined) return undefined;
      const coverage = this.coverage.touching(series.id, load.covered);
      return { series, coverage, ...this.#around(series, load) };
    });
  }

  #around(
    series: SeriesIdentity,
    { at, mostRows, beside }: ChangeLoad,
  ): Pick<LoadedChange, 'segments' | 'rows' | 'areAllRows'> {
    const { id, optional } = series;
    const [first, last] = [at[0], at.at(-1)];
    if (first === undefined || last === undefined) {
      return { segments: [], rows: allocateColumns(0), areAllRows: true };
    }
    const segments = this.candleSegments.around(id, { first, last }, beside);
    const reach = joinExtents({ first, last }, segments[0], segments.at(-1)) ?? { first, last };
    const range = { from: reach.first, to: reach.last + 1 };
    const table = this.rowsOf(series);
    const selection = { ...range, limit: mostRows + 1, take: 'first' } as const;
    const rows = table.read(id, selection, 0, optional);
    if (rows.timestamp.length <= mostRows) return { segments, rows, areAllRows: true };
    return { segments, rows: table.at(id, at), areAllRows: false };
  }

  apply(changes: readonly ArchiveChange[]): number[] {
    let number = changes.some(({ log = [] }) => log.length > 0) ? this.changes.newest : 0;
    return changes.map((change) => {
      const removed = this.#apply(change);
      const { id } = change.series;
      for (const entry of change.log ?? []) {
        number += 1;
        this.changes.append(number, entry, id);
        if (entry.kind === 'candles') this.revisions.renew(id, entry.renewal, number);
      }
      return removed;
    });
  }

  #apply({ series, ...change }: ArchiveChange): number {
    const { id } = series;
    const { setApart, removedSegments, described, segments } = change;
    for (const [segment, reason] of setApart ?? []) this.candleSegments.keep(segment.id, reason);
    for (const segment of removedSegments ?? []) this.candleSegments.delete(segment.id);
    for (const [segment, header] of described ?? []) this.candleSegments.describe(segment, header);
    for (const segment of segments ?? []) this.candleSegments.insert(id, segment);
    if (change.optional !== undefined) this.series.setOptional(series, change.optional);
    const table = this.rowsOf({ optional: change.optional ?? series.optional });
    let removed = 0;
    for (const range of change.removedRows ?? []) removed += table.remove(id, range);
    for (const rows of change.rows ?? []) table.write(id, rows);
    if (change.counters !== undefined) this.series.update(id, change.counters);
    if (change.coverage !== undefined) this.coverage.change(id, change.coverage);
    return removed;
  }

  read(loads: readonly ReadLoad[]): (LoadedCandles | undefined)[] {
    return loads.map((load) => {
      const { series = this.series.find(load.key) } = load;
      if (series === undefined) return undefined;
      const expected = Math.min(series.rowCount, mostCandles(series, load));
      const rows = this.rowsOf(series).read(series.id, load, expected, series.optional);
      return { series, rows, segments: this.#selected(series, load, rows) };
    });
  }

  #selected(
    { id }: SeriesIdentity,
    selection: CandleSelection,
    rows: CandleColumns,
  ): LoadedSegment[] {
    const { take, limit } = selection;
    let { from, to } = selection;
    if (limit === Number.POSITIVE_INFINITY) return this.candleSegments.touching(id, { from, to });
    const found: LoadedSegment[] = [];
    for (let page = 1; !isEnough(selection, rows, found); page *= 4) {
      const more = this.candleSegments.touching(id, { from, to, take, limit: page });
      found.push(...more);
      const edge = more.at(-1);
      if (edge === undefined || more.length < page) break;
      if (take === 'first') from = edge.last + 1;
      else to = edge.first;
    }
    return take === 'first' ? found : found.reverse();
  }

  states(loads: readonly StateLoad[]): ArchivedState[] {
    return loads.map(({ key, ranges }) => {
      const series = this.series.find(key);
      const revisions = this.revisions.of(series, ranges);
      return { series, revisions, coverage: series ? this.coverage.of(series.id) : [] };
    });
  }

  find(key: SeriesKey): ReturnType<SeriesTable['find']> {
    return this.series.find(key);
  }

  foldPage({ series, from, keepRows, mostRows, mostSegments }: FoldLoad): FoldPage {
    const { id } = series;
    const table = this.rowsOf(series);
    const horizon = table.horizon(id, keepRows);
    const onwards = { from, to: Number.MAX_SAFE_INTEGER, limit: mostSegments } as const;
    const segments = this.candleSegments.touching(id, { ...onwards, take: 'first' });
    const selection = { from, to: horizon, limit: mostRows, take: 'first' } as const;
    return { horizon, segments, rows: table.read(id, selection, 0) };
  }

  rows(series: SeriesIdentity, selection: CandleSelection): CandleColumns {
    return this.rowsOf(series).read(series.id, selection, 0);
  }

  segments({ id }: SeriesIdentity, selection: CandleSelection): LoadedSegment[] {
    return this.candleSegments.touching(id, selection);
  }

  extent(series: SeriesIdentity): ReturnType<CandleRows['extent']> {
    const { id } = series;
    return joinExtents(this.rowsOf(series).extent(id), this.candleSegments.extent(id));
  }

  segmentIds({ id }: SeriesIdentity): readonly SegmentId[] {
    return this.candleSegments.ids(id);
  }

  stored(ids: readonly SegmentId[]): (StoredSegment | UnreadableSegment)[] {
    return ids
      .map(([id, first]) => this.#stored(id, first))
      .filter((segment) => segment !== undefined);
  }

  #stored(id: number, first: number): StoredSegment | UnreadableSegment | undefined {
    try {
      return this.candleSegments.stored(id);
    } catch (error) {
      const { code, message } = sqliteFailure(error);
      if (code !== 'CORRUPT') throw error;
      return { first, message };
    }
  }
}
