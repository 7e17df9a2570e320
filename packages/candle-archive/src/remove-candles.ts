import { type Interval, lowerBound, type SeriesKey } from '@barkeep/core';
import { candlesChanged } from './archive-change.ts';
import { ask, type Decision } from './decision.ts';
import { coverageRemoved } from './ledger-change.ts';
import {
  checkedSegment,
  type LoadedSegment,
  type NewSegment,
  packSegment,
  segmentCandles,
} from './stored-segment.ts';
import { countersAfter, extentOf, type SeriesIdentity, stretchWithin } from './stored-series.ts';

const ALL = { limit: Number.POSITIVE_INFINITY, take: 'first' } as const;
const NOTHING = new Float64Array(0);

/** Removes candles and coverage in `[from, to)`; returns how many candles. @throws BarkeepError `CORRUPT` */
export function* removeCandles(key: SeriesKey, range: Interval): Decision<number> {
  const wanted = { at: NOTHING, mostRows: 0, beside: false, covered: [range] };
  const [found] = yield* ask('hold', [{ key, creates: false, ...wanted }]);
  if (found === undefined) return 0;
  const { series, coverage } = found;
  const cut = yield* cutSegments(series, range);
  const [rows = 0] = yield* ask('apply', [{ series, ...cut, removedRows: [range] }]);
  const removed = cut.removed + rows;
  const uncovered = coverageRemoved(coverage, [range]);
  if (removed === 0) {
    yield* ask('apply', [{ series, ...uncovered }]);
    return 0;
  }
  const counters = countersAfter(series, -removed, -rows, yield* ask('extent', series));
  const renewed = stretchWithin(extentOf(series), range);
  const log = [candlesChanged(key, range, renewed), ...(uncovered.log ?? [])];
  yield* ask('apply', [{ series, counters, ...uncovered, log }]);
  return removed;
}

interface CutSegments {
  readonly removedSegments: readonly LoadedSegment[];
  /** What is left of those that reach beyond the range. */
  readonly segments: readonly NewSegment[];
  /** How many candles go that have no row over them. */
  readonly removed: number;
}

/** Takes a range out of segments; the rows over it are the caller's to remove, whatever they hold. */
export function* cutSegments(series: SeriesIdentity, range: Interval): Decision<CutSegments> {
  const touching = yield* ask('segments', series, { ...range, ...ALL });
  const [first, last] = [touching[0]?.first ?? 0, touching.at(-1)?.last ?? 0];
  const within = { from: Math.max(range.from, first), to: Math.min(range.to, last + 1) };
  const rows =
    touching.length === 0 ? NOTHING : (yield* ask('rows', series, { ...within, ...ALL })).timestamp;
  const removedSegments: LoadedSegment[] = [];
  const segments: NewSegment[] = [];
  let removed = 0;
  for (const segment of touching) {
    const over = rows.subarray(lowerBound(rows, segment.first), lowerBound(rows, segment.last + 1));
    if (range.from <= segment.first && segment.last < range.to && over.length === 0) {
      removedSegments.push(segment);
      removed += segment.count;
      continue;
    }
    const candles = segmentCandles(checkedSegment(series.key, segment));
    const gone = candles.between(range.from, range.to);
    if (gone.length === 0) continue;
    removedSegments.push(segment);
    removed += gone.length - countShared(gone.timestamp, over);
    const rest = [
      candles.slice(0, candles.indexAtOrAfter(range.from)),
      candles.slice(candles.indexAtOrAfter(range.to)),
    ];
    segments.push(...rest.filter(({ length }) => length > 0).map(packSegment));
  }
  return { removedSegments, segments, removed };
}

/** How many of some instants are among others; both ascend. */
export function countShared(timestamp: Float64Array, instants: Float64Array): number {
  const [first, last] = [timestamp[0], timestamp.at(-1)];
  if (first === undefined || last === undefined) return 0;
  const near = instants.subarray(lowerBound(instants, first), lowerBound(instants, last + 1));
  return near.reduce((sum, at) => sum + (timestamp[lowerBound(timestamp, at)] === at ? 1 : 0), 0);
}
