import {
  allocateColumns,
  BarkeepError,
  type CandleColumns,
  type EpochMs,
  type SeriesKey,
} from '@barkeep/core';
import { decodeSegment, readSegmentHeader, type SegmentHeader } from '@barkeep/segment-codec';
import type { CandleExtent } from './candle-rows.ts';
import type { Segments, StoredSegment } from './segments.ts';
import type { SeriesIdentity } from './series-table.ts';
import { sqliteFailure } from './sqlite-failure.ts';

/** What is wrong with a segment. */
export type SegmentFault =
  /** Its bytes are those that were stored, and a number of the table is another. */
  | {
      readonly kind: 'misdescribed';
      readonly segment: StoredSegment;
      readonly header: SegmentHeader;
      readonly message: string;
    }
  /** Its candles are lost, or nobody can tell whether they count or those of another segment. */
  | {
      readonly kind: 'damaged' | 'overlapping';
      readonly segment: StoredSegment;
      readonly message: string;
    };

/** Its page cannot be read: it can be neither judged nor moved. */
export interface UnreadableSegment {
  readonly first: EpochMs;
  readonly message: string;
}

export interface JudgedSegment {
  readonly segment: StoredSegment;
  /** Its candles, where they can be read. */
  readonly columns: CandleColumns | undefined;
  readonly fault: SegmentFault | undefined;
}

/**
 * Judges the segments of a series, in the order of their beginnings as the table has them.
 * @throws BarkeepError `CORRUPT` where one cannot be read and no `onUnreadable` is told.
 */
export function* judgeSegments(
  series: SeriesIdentity,
  segments: Segments,
  onUnreadable?: (segment: UnreadableSegment) => void,
): Generator<JudgedSegment, void, void> {
  const taken: CandleExtent[] = [];
  for (const [id, first] of segments.ids(series.id)) {
    let segment: StoredSegment | undefined;
    try {
      segment = segments.stored(id);
    } catch (error) {
      const { code, message } = sqliteFailure(error);
      if (code !== 'CORRUPT' || onUnreadable === undefined) throw error;
      onUnreadable({ first, message });
      continue;
    }
    if (segment === undefined) continue;
    const judged = judge(series.key, segment);
    const { fault, columns } = judged;
    const extent = fault?.kind === 'misdescribed' ? fault.header : segment;
    if (columns === undefined || take(taken, extent)) yield judged;
    else {
      const overlapping = { kind: 'overlapping', segment, message: 'it overlaps another' } as const;
      yield { segment, columns: undefined, fault: overlapping };
    }
  }
}

/** The faults of a series' segments, without what those hold. */
export function faultySegments(series: SeriesIdentity, segments: Segments): SegmentFault[] {
  const faults: SegmentFault[] = [];
  for (const { fault } of judgeSegments(series, segments)) {
    if (fault !== undefined) faults.push(fault);
  }
  return faults;
}

/** Puts an extent among others, in their order, unless it overlaps one of them. */
function take(taken: CandleExtent[], { first, last }: CandleExtent): boolean {
  let at = taken.length;
  // Nearly always the last place: what is stored is in order.
  while (at > 0 && (taken[at - 1]?.first ?? first) > first) at -= 1;
  const [before, after] = [taken[at - 1], taken[at]];
  if (before !== undefined && before.last >= first) return false;
  if (after !== undefined && after.first <= last) return false;
  taken.splice(at, 0, { first, last });
  return true;
}

function judge(key: SeriesKey, segment: StoredSegment): JudgedSegment {
  const { data, checksum, first, last, count, format } = segment;
  // Damage may have made a value of another type of it, whatever the column is declared as.
  if (!(data instanceof Uint8Array)) return damaged(segment, 'its bytes are of another type');
  try {
    const header = readSegmentHeader(data);
    if (header.timeframe !== key.timeframe || header.checksum !== checksum) {
      return damaged(segment, 'its bytes are those of other candles');
    }
    const columns = allocateColumns(header.count);
    decodeSegment(data, columns);
    const isAsSaid =
      header.first === first &&
      header.last === last &&
      header.count === count &&
      header.version === format;
    if (isAsSaid) return { segment, columns, fault: undefined };
    const message =
      `the table says ${count} candles from ${first} to ${last} in format ${format}; it has ` +
      `${header.count} from ${header.first} to ${header.last} in format ${header.version}`;
    return { segment, columns, fault: { kind: 'misdescribed', segment, header, message } };
  } catch (error) {
    if (!BarkeepError.is(error, 'CORRUPT')) throw error;
    return damaged(segment, error.message);
  }
}

function damaged(segment: StoredSegment, message: string): JudgedSegment {
  return { segment, columns: undefined, fault: { kind: 'damaged', segment, message } };
}
