import { CandleSeries, type EpochMs } from '@barkeep/core';
import type { ArchivePolicy } from './archive-policy.ts';
import type { FoldPage } from './archive-port.ts';
import { assertSoundRows, damagedSegment } from './damaged-segment.ts';
import { ask, type Decision } from './decision.ts';
import { checkedSegment, type SegmentEntry, segmentCandles } from './stored-segment.ts';
import type { SeriesRow } from './stored-series.ts';

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
const GROWTH = 4;

/**
 * Decides what a compaction does to one series, from its first candle to its last.
 *
 * Rows join the segment they overlay; rows between segments become segments, full ones where there
 * are enough. Neighbours that fill no more than half a segment together become one, and what
 * outgrew a segment is divided evenly. So no neighbours of the result would be joined again, and a
 * late candle in old history costs its segment and not those after it.
 *
 * Answers the next fold at the cursor or after it; `undefined` when there is none, one of nothing when it
 * has to be looked for further on. `rest` stands for a segment that a fold was only planned for.
 */
export function* planFold(
  series: SeriesRow,
  cursor: EpochMs,
  policy: ArchivePolicy,
  rest?: SegmentRest,
): Decision<Fold | undefined> {
  const { keepRows, segmentCandles: mostRows } = policy;
  let from = cursor;
  for (let mostSegments = LOOKS; ; ) {
    const page = yield* ask('foldPage', { series, from, keepRows, mostRows, mostSegments });
    const [edge] = page.segments;
    if (edge !== undefined && edge.first < from && edge.id !== rest?.entry.id) {
      // Within a segment: the rows over all of it are wanted.
      from = edge.first;
      continue;
    }
    assertSoundRows(series.key, page.rows);
    const rows = CandleSeries.fromTrustedColumns(series.key, page.rows);
    const isWhole = page.segments.length < mostSegments;
    const fold = yield* nextFold({ ...page, series, rows, isWhole, size: mostRows, rest }, cursor);
    if (fold !== 'more') return fold;
    mostSegments *= GROWTH;
  }
}

/** The candles of a segment, from an instant on, and its size. @throws BarkeepError `CORRUPT` */
export function* loadRest(
  series: SeriesRow,
  { entry, first }: Pick<SegmentRest, 'entry' | 'first'>,
): Decision<{ readonly candles: CandleSeries; readonly bytes: number }> {
  const range = { from: entry.first, to: entry.first + 1, limit: 1, take: 'first' } as const;
  const [segment] = yield* ask('segments', series, range);
  const { key } = series;
  if (segment?.id !== entry.id) throw damagedSegment(key, entry, 'it overlaps the one before it');
  const checked = checkedSegment(key, segment);
  const candles = segmentCandles(checked);
  return { candles: candles.slice(candles.indexAtOrAfter(first)), bytes: checked.data.length };
}

/** What a fold is planned by. */
interface Known extends FoldPage {
  readonly series: SeriesRow;
  readonly rows: CandleSeries;
  /** Whether there are no segments after those of the page. */
  readonly isWhole: boolean;
  /** How many candles a full segment has. */
  readonly size: number;
  readonly rest: SegmentRest | undefined;
}

/** The fold at the cursor or after it; `more` when the page does not reach far enough to tell. */
function* nextFold(known: Known, cursor: EpochMs): Decision<Fold | 'more' | undefined> {
  const half = known.size / 2;
  let end = cursor;
  for (let look = 0; look < LOOKS; look += 1) {
    const first = yield* itemAt(known, end);
    if (first === 'more' && end > cursor) break;
    if (first === 'more' || first === undefined) return first;
    const items = [first];
    let { count } = first;
    end = first.end;
    while (count <= half) {
      const item = yield* itemAt(known, end);
      if (item === 'more') return item;
      if (item === undefined || count + item.count > half) break;
      items.push(item);
      count += item.count;
      end = item.end;
    }
    if (items.length > 1 || first.rows.length > 0) return yield* foldOf(known, items, end);
  }
  return { segments: [], rows: [], candles: [], rest: undefined, next: end };
}

function* itemAt(known: Known, cursor: EpochMs): Decision<Item | 'more' | undefined> {
  const { series, rows: all, horizon } = known;
  const segment = segmentAt(known, cursor);
  if (segment === undefined && !known.isWhole) return 'more';
  const from = Math.min(cursor, segment?.first ?? cursor);
  const row = all.timestamp[all.indexAtOrAfter(from)];
  if (row !== undefined && row < (segment?.first ?? horizon)) {
    const rows = all.between(row, segment?.first ?? horizon);
    const end = rows.lastTimestamp + 1;
    return { segment: undefined, rows, count: rows.length, end, candles: rows, rest: undefined };
  }
  if (segment === undefined) return undefined;
  const { count, entry } = segment;
  if (row !== undefined && row <= entry.last) return yield* overlaidSegment(known, segment);
  const rows = CandleSeries.empty(series.key);
  return { segment, rows, count, end: entry.last + 1, candles: undefined, rest: undefined };
}

function segmentAt({ segments, rest }: Known, cursor: EpochMs): SegmentRest | undefined {
  const entry = segments.find(({ last }) => last >= cursor);
  if (entry === undefined || rest?.entry.id === entry.id) return entry && rest;
  return { entry, first: entry.first, count: entry.count, bytes: 0 };
}

function* overlaidSegment({ series, size, ...known }: Known, segment: SegmentRest): Decision<Item> {
  const { first, entry } = segment;
  const rows = known.rows.between(first, entry.last + 1).slice(0, size);
  const end = rows.length < size ? entry.last + 1 : rows.lastTimestamp + 1;
  const { candles: all, bytes } = yield* loadRest(series, segment);
  const cut = all.indexAtOrAfter(end);
  const candles = CandleSeries.merge(all.slice(0, cut), rows);
  const rest = cut < all.length ? all.slice(cut) : undefined;
  const loaded = { ...segment, bytes: segment.bytes || bytes };
  return { segment: loaded, rows, count: candles.length, end, candles, rest };
}

function* foldOf({ series, size }: Known, items: readonly Item[], next: EpochMs): Decision<Fold> {
  const parts: CandleSeries[] = [];
  const segments: SegmentRest[] = [];
  for (const { segment, candles } of items) {
    const isLoaded = segment === undefined || candles !== undefined;
    const loaded = isLoaded ? { candles, bytes: 0 } : yield* loadRest(series, segment);
    if (loaded.candles !== undefined && loaded.candles.length > 0) parts.push(loaded.candles);
    if (segment !== undefined) segments.push({ ...segment, bytes: segment.bytes || loaded.bytes });
  }
  return {
    segments,
    rows: items.map(({ rows }) => rows).filter((rows) => rows.length > 0),
    candles: divide(CandleSeries.concat(series.key, parts), size),
    rest: items.at(-1)?.rest,
    next,
  };
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
