import {
  type CandleColumn,
  type CandleColumns,
  type EpochMs,
  mapColumns,
  pickColumns,
  REQUIRED_COLUMNS,
  type SomeColumns,
  timeframeGrid,
} from '@barkeep/core';
import type { CandleRows, CandleSelection } from './candle-rows.ts';
import { damagedSegment, miscounted } from './damaged-segment.ts';
import { mergeColumns } from './merge-columns.ts';
import type { SegmentEntry, Segments } from './segments.ts';
import type { SeriesRow } from './series-table.ts';

/** The candles `[start, end)` of a segment. */
interface SegmentPart {
  readonly entry: SegmentEntry;
  readonly start: number;
  readonly end: number;
  /** Where they were needed to find start or end. */
  readonly bytes: Uint8Array | undefined;
}

/** How many segments a limited read asks for at first; the latest thousand are in one or two. */
const FIRST_PAGE = 2;
const UNLIMITED = -1;

/** Reads candles from rows and segments as if they were in one place. The caller holds the transaction. */
export class CandleReader {
  readonly #rows: CandleRows;
  readonly #segments: Segments;

  constructor(rows: CandleRows, segments: Segments) {
    this.#rows = rows;
    this.#segments = segments;
  }

  /** Ascending. @throws BarkeepError `CORRUPT` naming series and range of a damaged segment. */
  read(series: SeriesRow, selection: CandleSelection): CandleColumns {
    return this.readColumns(series, selection, REQUIRED_COLUMNS);
  }

  /** Some columns only: a segment's others are not decoded. @throws BarkeepError `CORRUPT`. */
  readColumns<C extends CandleColumn>(
    series: SeriesRow,
    selection: CandleSelection,
    columns: readonly C[],
  ): SomeColumns<C> {
    const answer = this.#merged(series, selection, columns);
    assertCounted(series, selection, answer);
    return answer;
  }

  /** How many candles a selection has at most: what the series' counters tell. */
  most({ key, count, first, last }: SeriesRow, { from, to, limit }: CandleSelection): number {
    if (first === null || last === null) return 0;
    const step = timeframeGrid(key.timeframe).fixedMs ?? 1;
    const periods = Math.ceil((Math.min(to, last + 1) - Math.max(from, first)) / step);
    return Math.max(0, Math.min(periods, limit, count));
  }

  #merged<C extends CandleColumn>(
    series: SeriesRow,
    selection: CandleSelection,
    columns: readonly C[],
  ): SomeColumns<C> {
    const expected = Math.min(series.rowCount, this.most(series, selection));
    const rows = this.#rows.read(series, selection, expected);
    assertRowsCounted(series, selection, rows.timestamp.length);
    const only = pickColumns(rows, columns);
    const parts = this.#partsBeside(rows.timestamp, series, selection);
    const [first, last] = [parts[0], parts.at(-1)];
    if (first === undefined || last === undefined) return only;

    const [firstRow, lastRow] = [rows.timestamp[0], rows.timestamp.at(-1)];
    if (firstRow === undefined || lastRow === undefined) {
      return this.#decode(series, parts, columns, 0, 0);
    }
    const { limit, take } = selection;
    if (lastRow >= first.entry.first && firstRow <= last.entry.last) {
      const base = this.#decode(series, parts, [...columns, 'timestamp'] as const, 0, 0);
      const over = pickColumns(rows, [...columns, 'timestamp'] as const);
      return mergeColumns(base, over, columns, selection);
    }
    const room = Math.min(rows.timestamp.length, limit - lengthOf(parts));
    const begin = take === 'first' ? 0 : rows.timestamp.length - room;
    const after = firstRow > last.entry.last;
    const merged = this.#decode(series, parts, columns, after ? 0 : room, after ? room : 0);
    for (const column of columns) {
      const offset = after ? merged[column].length - room : 0;
      merged[column].set(only[column].subarray(begin, begin + room), offset);
    }
    return merged;
  }

  /** The parts of segments that may be among the result, given the rows that may be. */
  #partsBeside(
    rows: Float64Array,
    series: SeriesRow,
    selection: CandleSelection,
  ): readonly SegmentPart[] {
    if (rows.length === 0 || selection.limit === Number.POSITIVE_INFINITY) {
      return this.#parts(series, selection, selection.limit);
    }
    const [edge] = this.#segments.touching(series.id, selection, selection.take, 1);
    if (edge === undefined) return [];
    const beyond =
      selection.take === 'first'
        ? lowerBound(rows, edge.first)
        : rows.length - lowerBound(rows, edge.last + 1);
    return this.#parts(series, selection, selection.limit - beyond);
  }

  /** The first or last `needed` candles that segments have of a selection, ascending. */
  #parts(series: SeriesRow, selection: CandleSelection, needed: number): readonly SegmentPart[] {
    const { take } = selection;
    const parts: SegmentPart[] = [];
    let { from, to } = selection;
    let page = needed === Number.POSITIVE_INFINITY ? UNLIMITED : FIRST_PAGE;
    let remaining = needed;
    while (remaining > 0) {
      const entries = this.#segments.touching(series.id, { from, to }, take, page);
      for (const entry of entries) {
        if (remaining <= 0) break;
        const { start, end, bytes } = this.#cut(series, entry, selection);
        const length = Math.min(end - start, remaining);
        if (length === 0) continue;
        if (take === 'first') parts.push({ entry, start, end: start + length, bytes });
        else parts.push({ entry, start: end - length, end, bytes });
        remaining -= length;
      }
      const edge = entries.at(-1);
      if (edge === undefined || entries.length !== page) break;
      if (take === 'first') from = edge.last + 1;
      else to = edge.first;
      page *= 4;
    }
    if (take === 'last') parts.reverse();
    for (const [i, { entry }] of parts.entries()) {
      if (entry.first > (parts[i - 1]?.entry.last ?? Number.NEGATIVE_INFINITY)) continue;
      throw damagedSegment(series.key, entry, 'it overlaps the one before it');
    }
    return parts;
  }

  #cut(series: SeriesRow, entry: SegmentEntry, { from, to }: CandleSelection): SegmentPart {
    if (from <= entry.first && entry.last < to) {
      return { entry, start: 0, end: entry.count, bytes: undefined };
    }
    const bytes = this.#segments.bytes(series, entry);
    const start = this.#segments.find(series, entry, bytes, from);
    return { entry, start, end: this.#segments.find(series, entry, bytes, to), bytes };
  }

  /** Decodes parts into new columns, with room before and after them. */
  #decode<C extends CandleColumn>(
    series: SeriesRow,
    parts: readonly SegmentPart[],
    columns: readonly C[],
    roomBefore: number,
    roomAfter: number,
  ): SomeColumns<C> {
    const length = roomBefore + lengthOf(parts) + roomAfter;
    const target = mapColumns(columns, () => new Float64Array(length));
    let targetOffset = roomBefore;
    for (const { entry, start, end, bytes } of parts) {
      const data = bytes ?? this.#segments.bytes(series, entry);
      this.#segments.decode(series, entry, data, target, { start, end, targetOffset });
      targetOffset += end - start;
    }
    return target;
  }
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

/** The index of the first timestamp at or after an instant. */
export function lowerBound(timestamp: Float64Array, instant: EpochMs, from = 0): number {
  let low = from;
  let high = timestamp.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((timestamp[middle] ?? Number.NaN) < instant) low = middle + 1;
    else high = middle;
  }
  return low;
}
