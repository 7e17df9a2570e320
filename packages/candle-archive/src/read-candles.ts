import {
  CANDLE_COLUMNS,
  type CandleColumn,
  type CandleColumns,
  COLUMN_NAMES,
  type Interval,
  lowerBound,
  mapColumns,
  mergeColumns,
  type OptionalColumn,
  pickColumns,
  REQUIRED_COLUMNS,
  type RequiredColumn,
  type SomeColumns,
} from '@barkeep/core';
import { type CheckedSnapshotRequest, type CoverageEntry, wantsCandles } from '@barkeep/storage';
import type { LoadedCandles, ReadLoad } from './archive-port.ts';
import { assertSoundRows, damagedSegment, miscounted } from './damaged-segment.ts';
import { ask, type Decision } from './decision.ts';
import {
  type CheckedSegment,
  checkedSegment,
  decodePart,
  findPart,
  type LoadedSegment,
  type SegmentEntry,
} from './stored-segment.ts';
import { type CandleSelection, extentOf, periodsOf, type SeriesRow } from './stored-series.ts';

/** A snapshot of one series in plain values that can be sent between threads. */
export interface ArchiveSnapshot {
  readonly extent: Interval | undefined;
  readonly coverage: readonly CoverageEntry[];
  readonly ranges: readonly ArchiveSnapshotPart[];
}

export interface ArchiveSnapshotPart {
  readonly revision: string;
  readonly columns: CandleColumns | undefined;
}

/** The candles `[start, end)` of a segment. */
interface SegmentPart {
  readonly segment: LoadedSegment;
  readonly start: number;
  readonly end: number;
  /** Where its bytes were needed to find start or end. */
  readonly checked: CheckedSegment | undefined;
}

/** Some columns of candles; optional ones that the series never had are left out. */
export type FoundColumns<C extends CandleColumn> = SomeColumns<Extract<C, RequiredColumn>> &
  Partial<SomeColumns<Extract<C, OptionalColumn>>>;

/**
 * The candles of each query, ascending, from rows and segments as if they were in one place. Only the
 * columns that are named; a segment's others are not decoded.
 * @throws BarkeepError `CORRUPT` naming series and range of a damaged segment.
 */
export function* readCandles<C extends CandleColumn>(
  queries: readonly ReadLoad[],
  columns: readonly C[],
): Decision<FoundColumns<C>[]> {
  const loaded = yield* ask('read', queries);
  return queries.map((query, i) => {
    const found = loaded[i];
    if (found === undefined) return noCandles(columns);
    const answer = merged(found, query, columnsAmong(columns, found.series.optional));
    assertCounted(found.series, query, answer);
    return answer;
  });
}

/** What is found of a series that is not there. */
export function noCandles<C extends CandleColumn>(columns: readonly C[]): FoundColumns<C> {
  return mapColumns(columnsAmong(columns, []), () => new Float64Array(0));
}

/** Those of the columns that a series has. */
function columnsAmong<C extends CandleColumn>(
  columns: readonly C[],
  optional: readonly CandleColumn[],
): readonly C[] {
  const all: readonly CandleColumn[] = columns;
  if (optional.length > 0 || all !== COLUMN_NAMES) {
    return columns.filter((name) => CANDLE_COLUMNS[name].required || optional.includes(name));
  }
  // Nearly every read is of all columns of a series without optional ones.
  const required: readonly CandleColumn[] = REQUIRED_COLUMNS;
  return required as readonly C[];
}

/** For each request, one series. */
export function* readSnapshots(
  requests: readonly CheckedSnapshotRequest[],
): Decision<ArchiveSnapshot[]> {
  const states = yield* ask('states', requests);
  const wanted = requests.flatMap(({ key, ranges }, i) =>
    ranges
      .filter((range, j) => wantsCandles(range, states[i]?.revisions[j] ?? ''))
      .map((range) => ({ ...range, key, series: states[i]?.series })),
  );
  const candles = wanted.length === 0 ? [] : yield* readCandles(wanted, COLUMN_NAMES);
  let next = 0;
  return requests.map(({ key, ranges }, i) => {
    const { series, revisions = [], coverage = [] } = states[i] ?? {};
    const extent = series && extentOf(series);
    return {
      extent: extent && periodsOf(key, extent),
      coverage,
      ranges: ranges.map((range, j) => {
        const revision = revisions[j] ?? '';
        if (!wantsCandles(range, revision)) return { revision, columns: undefined };
        next += 1;
        return { revision, columns: candles[next - 1] };
      }),
    };
  });
}

/**
 * Whether the first or last candles of a selection are among rows and segments that were found; segments
 * in the order in which the selection takes them.
 */
export function isEnough(
  selection: CandleSelection,
  { timestamp }: Pick<CandleColumns, 'timestamp'>,
  found: readonly SegmentEntry[],
): boolean {
  let needed = selection.limit - rowsBeyond(selection, timestamp, found[0]);
  for (const { first, last, count } of found) {
    // Of one that reaches beyond the range, nobody knows how many are within.
    if (selection.from <= first && last < selection.to) needed -= count;
  }
  return needed <= 0;
}

/** How many rows come before the segment that a selection takes first. */
function rowsBeyond(
  { take }: CandleSelection,
  rows: Float64Array,
  edge: SegmentEntry | undefined,
): number {
  if (edge === undefined) return 0;
  return take === 'first'
    ? lowerBound(rows, edge.first)
    : rows.length - lowerBound(rows, edge.last + 1);
}

function merged<C extends CandleColumn>(
  { series, rows, segments }: LoadedCandles,
  selection: CandleSelection,
  columns: readonly C[],
): SomeColumns<C> {
  assertSoundRows(series.key, rows);
  assertRowsCounted(series, selection, rows.timestamp.length);
  const { limit, take } = selection;
  const { timestamp } = rows;
  const edge = take === 'first' ? segments[0] : segments.at(-1);
  const parts = partsOf(
    series,
    selection,
    segments,
    limit - rowsBeyond(selection, timestamp, edge),
  );
  const [first, last] = [parts[0], parts.at(-1)];
  if (first === undefined || last === undefined) return pickColumns(rows, columns);

  const [firstRow, lastRow] = [timestamp[0], timestamp.at(-1)];
  if (firstRow === undefined || lastRow === undefined) return decoded(series, parts, columns, 0, 0);
  if (lastRow >= first.segment.first && firstRow <= last.segment.last) {
    const base = decoded(series, parts, [...columns, 'timestamp'] as const, 0, 0);
    const over = pickColumns(rows, [...columns, 'timestamp'] as const);
    return mergeColumns(base, over, columns, selection);
  }
  const room = Math.min(timestamp.length, limit - lengthOf(parts));
  const begin = take === 'first' ? 0 : timestamp.length - room;
  const after = firstRow > last.segment.last;
  const answer = decoded(series, parts, columns, after ? 0 : room, after ? room : 0);
  const rest = pickColumns(rows, columns);
  for (const column of columns) {
    const offset = after ? answer[column].length - room : 0;
    answer[column].set(rest[column].subarray(begin, begin + room), offset);
  }
  return answer;
}

/** The first or last `needed` candles that segments have of a selection, ascending. */
function partsOf(
  { key }: SeriesRow,
  selection: CandleSelection,
  segments: readonly LoadedSegment[],
  needed: number,
): readonly SegmentPart[] {
  const isFirst = selection.take === 'first';
  const parts: SegmentPart[] = [];
  let remaining = needed;
  for (const segment of isFirst ? segments : segments.toReversed()) {
    if (remaining <= 0) break;
    const { start, end, checked } = cut(key, segment, selection);
    const length = Math.min(end - start, remaining);
    if (length === 0) continue;
    const part = isFirst ? { start, end: start + length } : { start: end - length, end };
    parts.push({ segment, checked, ...part });
    remaining -= length;
  }
  if (!isFirst) parts.reverse();
  for (const [i, { segment }] of parts.entries()) {
    if (segment.first > (parts[i - 1]?.segment.last ?? Number.NEGATIVE_INFINITY)) continue;
    throw damagedSegment(key, segment, 'it overlaps the one before it');
  }
  return parts;
}

function cut(
  key: SeriesRow['key'],
  segment: LoadedSegment,
  { from, to }: CandleSelection,
): Omit<SegmentPart, 'segment'> {
  if (from <= segment.first && segment.last < to) {
    return { start: 0, end: segment.count, checked: undefined };
  }
  const checked = checkedSegment(key, segment);
  return { start: findPart(checked, from), end: findPart(checked, to), checked };
}

/** Decodes parts into new columns, with room before and after them. */
function decoded<C extends CandleColumn>(
  { key }: SeriesRow,
  parts: readonly SegmentPart[],
  columns: readonly C[],
  roomBefore: number,
  roomAfter: number,
): SomeColumns<C> {
  const length = roomBefore + lengthOf(parts) + roomAfter;
  const target = mapColumns(columns, () => new Float64Array(length));
  let targetOffset = roomBefore;
  for (const { segment, start, end, checked } of parts) {
    decodePart(checked ?? checkedSegment(key, segment), target, { start, end, targetOffset });
    targetOffset += end - start;
  }
  return target;
}

function lengthOf(parts: readonly SegmentPart[]): number {
  return parts.reduce((sum, { start, end }) => sum + end - start, 0);
}

/**
 * Checks an answer against the counters of its series, which costs nothing: what reaches from its first
 * to its last candle has as many as it counts, and begins and ends with those. @throws BarkeepError `CORRUPT`
 */
function assertCounted(
  series: SeriesRow,
  selection: CandleSelection,
  answer: Partial<CandleColumns>,
): void {
  const [column] = Object.values(answer);
  if (column === undefined) return;
  const { limit, take } = selection;
  const { count, first, last } = series;
  const isWhole = isWholeSeries(series, selection);
  if (isWhole ? column.length !== Math.min(count, limit) : column.length > count) {
    throw miscounted(series, `${column.length} are found`);
  }
  const { timestamp } = answer;
  if (!isWhole || timestamp === undefined || timestamp.length === 0) return;
  const isFirst = timestamp[0] === first || (take === 'last' && limit < count);
  const isLast = timestamp.at(-1) === last || (take === 'first' && limit < count);
  if (!isFirst || !isLast) throw miscounted(series, 'others are found at its ends');
}

/** The same of rows: one that is lost leaves the older candle that it lay over. @throws BarkeepError `CORRUPT` */
function assertRowsCounted(series: SeriesRow, selection: CandleSelection, found: number): void {
  const { rowCount, count } = series;
  const areAll = isWholeSeries(series, selection) && selection.limit >= Math.max(count, rowCount);
  if (areAll ? found === rowCount : found <= rowCount) return;
  throw miscounted(series, `${found} rows are found instead of ${rowCount}`);
}

function isWholeSeries({ first, last }: SeriesRow, { from, to }: CandleSelection): boolean {
  return first === null || last === null || (from <= first && last < to);
}
