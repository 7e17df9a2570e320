import {
  allocateColumns,
  BarkeepError,
  type CandleColumns,
  CandleSeries,
  type EpochMs,
  type SeriesKey,
} from '@barkeep/core';
import {
  type DecodeOptions,
  decodeSegment,
  encodeSegment,
  findInSegment,
  readSegmentHeader,
  SEGMENT_VERSION,
  type SegmentHeader,
} from '@barkeep/segment-codec';
import { damagedSegment } from './damaged-segment.ts';
import type { CandleExtent } from './stored-series.ts';

/** What is known of a segment without its bytes. */
export interface SegmentEntry extends CandleExtent {
  readonly id: number;
  /** How many candles it has: at least 1, at most 65,536. */
  readonly count: number;
}

/** The bytes of a segment, and what is kept beside them to tell them from others. */
export interface SegmentBytes {
  readonly format: number;
  readonly checksum: number;
  readonly data: Uint8Array;
}

/** A segment with its bytes. */
export interface LoadedSegment extends SegmentEntry {
  /** Looked at once at most, so a port may fetch it then; `undefined` when it is missing. */
  readonly stored: SegmentBytes | undefined;
}

/** A segment with whatever is said of it. */
export type StoredSegment = SegmentEntry & SegmentBytes;

/** A segment that cannot be read: it can be neither inspected nor moved. */
export interface UnreadableSegment {
  readonly first: EpochMs;
  readonly message: string;
}

/** A segment to be stored. */
export type NewSegment = Omit<SegmentEntry, 'id'> & SegmentBytes;

/** Compresses 1 to 65,536 candles. */
export function packSegment(candles: CandleSeries): NewSegment {
  const data = encodeSegment(candles);
  const { firstTimestamp: first, lastTimestamp: last, length: count } = candles;
  const { checksum } = readSegmentHeader(data);
  return { first, last, count, format: SEGMENT_VERSION, checksum, data };
}

/** The bytes of a segment that were found to be those that were stored. */
export interface CheckedSegment {
  readonly key: SeriesKey;
  readonly data: Uint8Array;
  readonly header: SegmentHeader;
}

/** Its bytes, as they were stored for this series and these candles. @throws BarkeepError `CORRUPT` */
export function checkedSegment(key: SeriesKey, segment: LoadedSegment): CheckedSegment {
  const { stored } = segment;
  if (stored === undefined) throw damagedSegment(key, segment, 'its bytes are missing');
  const { data, format, checksum } = stored;
  const header = readable(key, segment, () => readSegmentHeader(data));
  const isAsStored =
    header.timeframe === key.timeframe &&
    header.count === segment.count &&
    header.first === segment.first &&
    header.last === segment.last &&
    header.version === format &&
    header.checksum === checksum;
  if (!isAsStored) throw damagedSegment(key, segment, 'its bytes are those of other candles');
  return { key, data, header };
}

/** All candles of a segment. @throws BarkeepError `CORRUPT` */
export function segmentCandles(segment: CheckedSegment): CandleSeries {
  const { count, optional } = segment.header;
  const columns = allocateColumns(count, optional);
  decodePart(segment, columns);
  return CandleSeries.fromTrustedColumns(segment.key, columns);
}

/** Decodes a segment, or a part of it, into the columns that `target` has. @throws BarkeepError `CORRUPT` */
export function decodePart(
  { key, header, data }: CheckedSegment,
  target: Partial<CandleColumns>,
  options: DecodeOptions = {},
): void {
  readable(key, header, () => decodeSegment(data, target, options));
}

/** The index of its first candle at or after an instant. @throws BarkeepError `CORRUPT` */
export function findPart({ key, header, data }: CheckedSegment, instant: EpochMs): number {
  return readable(key, header, () => findInSegment(data, instant));
}

/** What the codec says of damage, with the series and the range that it cannot know. */
function readable<T>(key: SeriesKey, extent: CandleExtent, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!BarkeepError.is(error, 'CORRUPT')) throw error;
    throw damagedSegment(key, extent, error.message, error);
  }
}
