import { CandleSeries, type EpochMs } from '@barkeep/core';
import type { ArchivePolicy } from './archive-policy.ts';
import type { FoldableRows } from './foldable-rows.ts';
import type { SegmentEntry, Segments } from './segments.ts';
import type { SeriesRow } from './series-table.ts';

/** A segment, or what a planned fold would leave of it, from `first` on. */
export interface SegmentRest {
  readonly entry: SegmentEntry;
  readonly first: EpochMs;
  readonly count: number;
  readonly bytes: number;
}

/** Neighbours in time that become new segments together. */
export interface Fold {
  readonly segments: readonly SegmentRest[];
  /** The rows that go, in runs without other rows between. */
  readonly rows: readonly CandleSeries[];
  /** What takes their place. */
  readonly candles: readonly CandleSeries[];
  /** The end of the last segment, when it has too many rows over it for one fold; a segment again. */
  readonly rest: CandleSeries | undefined;
  /** Where the next fold begins. */
  readonly next: EpochMs;
}

/** A segment with the rows over it, or rows between segments. */
interface Item {
  readonly segment: SegmentRest | undefined;
  readonly rows: CandleSeries;
  readonly count: number;
  readonly end: EpochMs;
  /** Segment and rows together, where it had to be known. */
  readonly candles: CandleSeries | undefined;
  readonly rest: CandleSeries | undefined;
}

/** How many segments that are in order one step passes by. */
const LOOKS = 512;

/**
 * Decides what a compaction does to one series, from its first candle to its last.
 *
 * Rows join the segment they overlay; rows between segments become segments, full ones where there
 * are enough. Neighbours that fill no more than half a segment together become one, and what
 * outgrew a segment is divided evenly. So no neighbours of the result would be joined again, and a
 * late candle in old history costs its segment and not those after it.
 */
export class FoldPlanner {
  readonly #segments: Segments;
  readonly #rows: FoldableRows;
  readonly #policy: ArchivePolicy;

  constructor(segments: Segments, rows: FoldableRows, policy: ArchivePolicy) {
    this.#segments = segments;
    this.#rows = rows;
    this.#policy = policy;
  }

  /**
   * The next fold at the cursor or after it; `undefined` when there is none, one of nothing when it
   * has to be looked for further on. `rest` stands for a segment that a fold was only planned for.
   */
  next(series: SeriesRow, cursor: EpochMs, rest?: SegmentRest): Fold | undefined {
    const half = this.#policy.segmentCandles / 2;
    const horizon = this.#rows.horizon(series.id, this.#policy.keepRows);
    let end = cursor;
    for (let look = 0; look < LOOKS; look += 1) {
      const first = this.#item(series, end, horizon, rest);
      if (first === undefined) return undefined;
      const items = [first];
      let { count } = first;
      end = first.end;
      while (count <= half) {
        const item = this.#item(series, end, horizon, rest);
        if (item === undefined || count + item.count > half) break;
        items.push(item);
        count += item.count;
        end = item.end;
      }
      if (items.length > 1 || first.rows.length > 0) return this.#fold(series, items, end);
    }
    return { segments: [], rows: [], candles: [], rest: undefined, next: end };
  }

  /** The candles of a segment. @throws BarkeepError `CORRUPT`. */
  load(series: SeriesRow, { entry, first }: Pick<SegmentRest, 'entry' | 'first'>): CandleSeries {
    const candles = CandleSeries.fromTrustedColumns(series.key, this.#segments.load(series, entry));
    return candles.slice(candles.indexAtOrAfter(first));
  }

  #item(
    series: SeriesRow,
    cursor: EpochMs,
    horizon: EpochMs,
    rest: SegmentRest | undefined,
  ): Item | undefined {
    const segment = this.#segmentAt(series, cursor, rest);
    const from = Math.min(cursor, segment?.first ?? cursor);
    const row = this.#rows.first(series.id, { from, to: horizon });
    if (segment === undefined || (row !== undefined && row < segment.first)) {
      if (row === undefined) return undefined;
      const range = { from: row, to: Math.min(segment?.first ?? horizon, horizon) };
      return this.#looseRows(this.#rows.read(series, range, this.#policy.segmentCandles));
    }
    if (row === undefined || row > segment.entry.last) return cleanSegment(series, segment);
    return this.#overlaidSegment(series, segment, horizon);
  }

  #segmentAt(
    series: SeriesRow,
    cursor: EpochMs,
    rest: SegmentRest | undefined,
  ): SegmentRest | undefined {
    const range = { from: cursor, to: Number.MAX_SAFE_INTEGER };
    const [entry] = this.#segments.touching(series.id, range, 'first', 1);
    if (entry === undefined) return undefined;
    if (rest?.entry.id === entry.id) return rest;
    return { entry, first: entry.first, count: entry.count, bytes: 0 };
  }

  #looseRows(rows: CandleSeries): Item {
    const { length: count, lastTimestamp } = rows;
    const end = lastTimestamp + 1;
    return { segment: undefined, rows, count, end, candles: rows, rest: undefined };
  }

  #overlaidSegment(series: SeriesRow, segment: SegmentRest, horizon: EpochMs): Item {
    const { first, entry } = segment;
    const limit = this.#policy.segmentCandles;
    const range = { from: first, to: Math.min(entry.last + 1, horizon) };
    const rows = this.#rows.read(series, range, limit);
    const end = rows.length < limit ? entry.last + 1 : rows.lastTimestamp + 1;
    const all = this.load(series, segment);
    const cut = all.indexAtOrAfter(end);
    const candles = CandleSeries.merge(all.slice(0, cut), rows);
    const rest = cut < all.length ? all.slice(cut) : undefined;
    return { segment, rows, count: candles.length, end, candles, rest };
  }

  #fold(series: SeriesRow, items: readonly Item[], next: EpochMs): Fold {
    const parts = items.map(
      ({ candles, segment }) => candles ?? (segment && this.load(series, segment)),
    );
    const candles = CandleSeries.concat(
      series.key,
      parts.filter((part) => part !== undefined).filter((part) => part.length > 0),
    );
    return {
      segments: items
        .map(({ segment }) => segment)
        .filter((segment) => segment !== undefined)
        .map((segment) => ({ ...segment, bytes: segment.bytes || this.#sizeOf(series, segment) })),
      rows: items.map(({ rows }) => rows).filter((rows) => rows.length > 0),
      candles: divide(candles, this.#policy.segmentCandles),
      rest: items.at(-1)?.rest,
      next,
    };
  }

  #sizeOf(series: SeriesRow, { entry }: SegmentRest): number {
    return this.#segments.bytes(series, entry).length;
  }
}

function cleanSegment({ key }: SeriesRow, segment: SegmentRest): Item {
  const { count, entry } = segment;
  const rows = CandleSeries.empty(key);
  return { segment, rows, count, end: entry.last + 1, candles: undefined, rest: undefined };
}

/** In as few parts as can be, of equal length. */
function divide(candles: CandleSeries, most: number): CandleSeries[] {
  const parts = Math.ceil(candles.length / most);
  return Array.from({ length: parts }, (_, i) =>
    candles.slice(
      Math.floor((i * candles.length) / parts),
      Math.floor(((i + 1) * candles.length) / parts),
    ),
  );
}
