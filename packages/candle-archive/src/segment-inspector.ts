import { allocateColumns, BarkeepError, type CandleColumns, type SeriesKey } from '@barkeep/core';
import { decodeSegment, readSegmentHeader, type SegmentHeader } from '@barkeep/segment-codec';
import type { StoredSegment } from './stored-segment.ts';
import type { CandleExtent } from './stored-series.ts';

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

export interface InspectedSegment {
  readonly segment: StoredSegment;
  /** Its candles, where they can be read. */
  readonly columns: CandleColumns | undefined;
  readonly fault: SegmentFault | undefined;
}

/** Classifies the segments of one series, in the order of their beginnings as they are said to be. */
export class SegmentInspector {
  readonly #key: SeriesKey;
  readonly #taken: CandleExtent[] = [];

  constructor(key: SeriesKey) {
    this.#key = key;
  }

  inspect(segment: StoredSegment): InspectedSegment {
    const inspected = inspect(this.#key, segment);
    const { fault, columns } = inspected;
    const extent = fault?.kind === 'misdescribed' ? fault.header : segment;
    if (columns === undefined || take(this.#taken, extent)) return inspected;
    const overlapping = { kind: 'overlapping', segment, message: 'it overlaps another' } as const;
    return { segment, columns: undefined, fault: overlapping };
  }
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

function inspect(key: SeriesKey, segment: StoredSegment): InspectedSegment {
  const { data, checksum, first, last, count, format } = segment;
  // Damage may have made a value of another type of it, whatever the column is declared as.
  if (!(data instanceof Uint8Array)) return damaged(segment, 'its bytes are of another type');
  try {
    const header = readSegmentHeader(data);
    if (header.timeframe !== key.timeframe || header.checksum !== checksum) {
      return damaged(segment, 'its bytes are those of other candles');
    }
    const columns = allocateColumns(header.count, header.optional);
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

function damaged(segment: StoredSegment, message: string): InspectedSegment {
  return { segment, columns: undefined, fault: { kind: 'damaged', segment, message } };
}
