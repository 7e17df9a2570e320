import {
  BarkeepError,
  type CandleColumns,
  type EpochMs,
  type OptionalColumn,
  type SeriesKey,
  timeframeGrid,
} from '@barkeep/core';
import { EVER } from '@barkeep/storage';
import { nextCandleFault } from './candle-fault.ts';
import { ask, type Decision } from './decision.ts';
import { countShared } from './remove-candles.ts';
import { type SegmentFault, SegmentInspector } from './segment-inspector.ts';
import type { StoredSegment, UnreadableSegment } from './stored-segment.ts';
import {
  type CandleExtent,
  joinExtents,
  joinOptional,
  type SeriesCounters,
  type SeriesRow,
} from './stored-series.ts';

/** A candle that breaks a rule of the model. */
export interface FaultyCandle {
  readonly at: EpochMs;
  /** In words that follow "the candle at …". */
  readonly what: string;
}

/** What is found of the candles of a series. */
export interface CandleFindings {
  readonly faultyRows: readonly FaultyCandle[];
  /** Within segments that can be read. */
  readonly faultyCandles: readonly (FaultyCandle & { readonly segment: StoredSegment })[];
  readonly segments: readonly SegmentFault[];
  readonly unreadable: readonly UnreadableSegment[];
  /** What the counters are to be, without segments that are damaged or overlap another. */
  readonly counted: SeriesCounters;
  /** The optional columns of its candles. */
  readonly optional: readonly OptionalColumn[];
}

const BLOCK = 16_384;
const SEGMENTS_AT_ONCE = 8;

/** Reads all candles of a series and compares them with the rules of the model. */
export function* inspectCandles(series: SeriesRow): Decision<CandleFindings> {
  const { key } = series;
  const faultyRows: FaultyCandle[] = [];
  let optional: readonly OptionalColumn[] = [];
  const rows = yield* readTimes(series, (block) => {
    faultyRows.push(...faultsIn(key, block));
    optional = joinOptional(optional, block);
  });
  const faultyCandles: (FaultyCandle & { readonly segment: StoredSegment })[] = [];
  const segments: SegmentFault[] = [];
  const unreadable: UnreadableSegment[] = [];
  const extents = [extentIn(rows)];
  let count = rows.length;
  const inspect = new SegmentInspector(key);
  const ids = yield* ask('segmentIds', series);
  for (let start = 0; start < ids.length; start += SEGMENTS_AT_ONCE) {
    for (const found of yield* ask('stored', ids.slice(start, start + SEGMENTS_AT_ONCE))) {
      if ('message' in found) {
        unreadable.push(found);
        continue;
      }
      const { segment, columns, fault } = inspect.inspect(found);
      if (fault !== undefined) segments.push(fault);
      if (columns === undefined) continue;
      faultyCandles.push(...faultsIn(key, columns).map((one) => ({ ...one, segment })));
      extents.push(extentIn(columns.timestamp));
      optional = joinOptional(optional, columns);
      count += columns.timestamp.length - countShared(columns.timestamp, rows);
    }
  }
  const { first = null, last = null } = joinExtents(...extents) ?? {};
  const counted = { count, rowCount: rows.length, first, last };
  return { faultyRows, faultyCandles, segments, unreadable, counted, optional };
}

/** @throws BarkeepError `CORRUPT`: what cannot be read cannot be moved. */
export function assertReadable([first]: readonly UnreadableSegment[]): void {
  if (first !== undefined) throw new BarkeepError('CORRUPT', first.message);
}

/** The timestamps of all rows, ascending. */
function* readTimes(
  series: SeriesRow,
  look: (block: CandleColumns) => void,
): Decision<Float64Array> {
  const blocks: Float64Array[] = [];
  for (let { from } = EVER; ; ) {
    const selection = { from, to: EVER.to, limit: BLOCK, take: 'first' } as const;
    const block = yield* ask('rows', series, selection);
    look(block);
    blocks.push(block.timestamp);
    const last = block.timestamp.at(-1);
    if (last === undefined || block.timestamp.length < BLOCK) break;
    from = last + 1;
  }
  const all = new Float64Array(blocks.reduce((sum, { length }) => sum + length, 0));
  for (const [i, block] of blocks.entries()) all.set(block, i * BLOCK);
  return all;
}

function faultsIn({ timeframe }: SeriesKey, candles: CandleColumns): FaultyCandle[] {
  const grid = timeframeGrid(timeframe);
  const faults: FaultyCandle[] = [];
  let fault = nextCandleFault(candles, grid);
  while (fault !== undefined) {
    const { index, what } = fault;
    faults.push({ at: candles.timestamp[index] ?? Number.NaN, what });
    fault = nextCandleFault(candles, grid, index + 1);
  }
  return faults;
}

function extentIn(timestamp: Float64Array): CandleExtent | undefined {
  const [first, last] = [timestamp[0], timestamp.at(-1)];
  return first === undefined || last === undefined ? undefined : { first, last };
}
