import {
  BarkeepError,
  type CandleColumn,
  type EpochMs,
  OPTIONAL_COLUMNS,
  type OptionalColumn,
  REQUIRED_COLUMNS,
  type Timeframe,
  type TimeframeParts,
  timeframeOf,
  timeframeParts,
} from '@barkeep/core';
import { COLUMN_IDS, columnOf } from './column-ids.ts';
import { corruptSegment } from './corrupt-segment.ts';
import type { KernelMemory } from './kernel/kernel-memory.ts';
import { kernelMemory } from './kernel/kernel-memory.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { MAX_SEGMENT_LENGTH, SEGMENT_MAGIC, SEGMENT_VERSION } from './segment-format.ts';

/** What a segment says of itself. */
export interface SegmentHeader {
  /** The version of the format. */
  readonly version: number;
  readonly timeframe: Timeframe;
  /** How many candles it holds: at least one. */
  readonly count: number;
  /** The timestamp of its first candle. */
  readonly first: EpochMs;
  /** The timestamp of its last candle. */
  readonly last: EpochMs;
  /** The optional columns that it has: each of at least one of its candles. */
  readonly optional: readonly OptionalColumn[];
  /** Its size. */
  readonly byteLength: number;
  /** The header's checksum, which covers those of the columns: stands for the whole segment. */
  readonly checksum: number;
}

/** Where a column's bytes are in the segment, and their XXH32. */
export interface ColumnPlace {
  readonly name: CandleColumn;
  readonly at: number;
  readonly byteLength: number;
  readonly checksum: number;
}

/** A segment's header with the places of its columns, in the order in which they are stored. */
export interface SegmentDirectory {
  readonly header: SegmentHeader;
  readonly columns: readonly ColumnPlace[];
}

const UNITS = ['s', 'm', 'h', 'd', 'w', 'M', 'y'] as const;
const FIXED_BYTES = 32;
const ORIGIN_BYTES = 8;
const ENTRY_BYTES = 8;
const CHECKSUM_BYTES = 4;
/** The flag of a header in which the origin of the timeframe follows the fixed fields. */
const HAS_ORIGIN = 1;
/** An entry's first word: the column's id above, its length in words below. */
const LENGTH_BITS = 24;
const NO_COLUMNS: readonly OptionalColumn[] = Object.freeze([]);
/** A bit for each id. */
const ALL_REQUIRED = REQUIRED_COLUMNS.reduce((bits, name) => bits | (1 << COLUMN_IDS[name]), 0);

/** How long the header of a segment with some columns is. */
export function headerBytes(timeframe: Timeframe, columns: number): number {
  const { originMs } = timeframeParts(timeframe);
  return FIXED_BYTES + (originMs === 0 ? 0 : ORIGIN_BYTES) + columns * ENTRY_BYTES + CHECKSUM_BYTES;
}

/**
 * Reads a segment's header, whose own checksum is checked, without looking at the candles.
 * @throws BarkeepError `CORRUPT` when the bytes are no segment, are damaged, or are not exactly as
 * long as the header says; `SCHEMA_TOO_NEW` when it has a column that this version does not know.
 */
export function readSegmentHeader(bytes: Uint8Array): SegmentHeader {
  return readDirectory(kernelMemory(), bytes).header;
}

/** @throws BarkeepError `CORRUPT` or `SCHEMA_TOO_NEW` */
export function readDirectory(memory: KernelMemory, bytes: Uint8Array): SegmentDirectory {
  if (bytes.length < FIXED_BYTES) throw corruptSegment('the header is cut off', bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== SEGMENT_MAGIC)
    throw corruptSegment('the signature is not BKSG', 0);
  const version = view.getUint8(4);
  if (version !== SEGMENT_VERSION) throw corruptSegment(`version ${version} is unknown`, 4);
  const flags = view.getUint8(7);
  if (flags > HAS_ORIGIN) throw corruptSegment('the header has an unknown form', 7);
  const directoryAt = FIXED_BYTES + (flags === HAS_ORIGIN ? ORIGIN_BYTES : 0);
  const checksumAt = directoryAt + view.getUint8(6) * ENTRY_BYTES;
  const columnsAt = checksumAt + CHECKSUM_BYTES;
  if (bytes.length < columnsAt) throw corruptSegment('the header is cut off', bytes.length);
  memory.bytes.set(bytes.subarray(0, checksumAt), WORKSPACE.payload);
  const checksum = memory.kernel.checksum(WORKSPACE.payload, checksumAt);
  if (checksum !== view.getInt32(checksumAt, true)) {
    throw corruptSegment('the header fails its checksum', checksumAt);
  }
  const columns = readPlaces(view, directoryAt, checksumAt);
  const byteLength = columns.reduce((end, place) => end + place.byteLength, columnsAt);
  if (byteLength !== bytes.length) {
    throw corruptSegment(`${bytes.length} bytes instead of ${byteLength}`, bytes.length);
  }
  const optional =
    columns.length === REQUIRED_COLUMNS.length
      ? NO_COLUMNS
      : OPTIONAL_COLUMNS.filter((name) => columns.some((column) => column.name === name));
  return {
    header: { ...readFields(view), optional, byteLength, checksum: checksum >>> 0 },
    columns,
  };
}

function readFields(view: DataView): Omit<SegmentHeader, 'byteLength' | 'checksum' | 'optional'> {
  const count = view.getUint32(12, true);
  if (count === 0 || count > MAX_SEGMENT_LENGTH) {
    throw corruptSegment(`${count} candles are not a segment`, 12);
  }
  const first = view.getFloat64(16, true);
  const last = view.getFloat64(24, true);
  return { version: view.getUint8(4), timeframe: readTimeframe(view), count, first, last };
}

let latest: TimeframeParts & { readonly timeframe: Timeframe } = {
  ...timeframeParts('1m'),
  timeframe: '1m',
};

function readTimeframe(view: DataView): Timeframe {
  const unit = UNITS[view.getUint8(5)];
  const count = view.getUint32(8, true);
  const originMs = view.getUint8(7) === HAS_ORIGIN ? view.getFloat64(FIXED_BYTES, true) : 0;
  // Most headers are like the one before.
  if (unit === latest.unit && count === latest.count && originMs === latest.originMs) {
    return latest.timeframe;
  }
  try {
    if (unit !== undefined) {
      const parts = { count, unit, originMs };
      latest = { ...parts, timeframe: timeframeOf(parts) };
      return latest.timeframe;
    }
  } catch (error) {
    if (!BarkeepError.is(error, 'INVALID_INPUT')) throw error;
  }
  throw corruptSegment('the timeframe is unknown', 5);
}

function readPlaces(view: DataView, directoryAt: number, endAt: number): ColumnPlace[] {
  const places: ColumnPlace[] = [];
  let at = endAt + CHECKSUM_BYTES;
  let seen = 0;
  for (let entry = directoryAt; entry < endAt; entry += ENTRY_BYTES) {
    const word = view.getUint32(entry, true);
    const id = word >>> LENGTH_BITS;
    const name = columnOf(id);
    if (name === undefined) throw unknownColumn(id);
    if ((seen & (1 << id)) !== 0) throw corruptSegment(`the column ${name} is there twice`, entry);
    seen |= 1 << id;
    const byteLength = (word & (2 ** LENGTH_BITS - 1)) * 4;
    if (byteLength > WORKSPACE.payloadBytes) {
      throw corruptSegment('a column has an impossible length', entry);
    }
    places.push({ name, at, byteLength, checksum: view.getInt32(entry + 4, true) });
    at += byteLength;
  }
  if ((seen & ALL_REQUIRED) !== ALL_REQUIRED)
    throw corruptSegment('a column is missing', directoryAt);
  return places;
}

function unknownColumn(id: number): BarkeepError {
  const message = `a segment has a column ${id}, which this version of Barkeep does not know: update it`;
  return new BarkeepError('SCHEMA_TOO_NEW', message, { details: { column: id } });
}

/** Writes a header over the first bytes of a segment whose columns follow it. */
export function writeDirectory(
  memory: KernelMemory,
  segment: Uint8Array,
  header: Omit<SegmentHeader, 'byteLength' | 'checksum' | 'optional'>,
  columns: readonly ColumnPlace[],
): void {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
  const { count, unit, originMs } = timeframeParts(header.timeframe);
  view.setUint32(0, SEGMENT_MAGIC, true);
  view.setUint8(4, header.version);
  view.setUint8(5, UNITS.indexOf(unit));
  view.setUint8(6, columns.length);
  view.setUint32(8, count, true);
  view.setUint32(12, header.count, true);
  view.setFloat64(16, header.first, true);
  view.setFloat64(24, header.last, true);
  let at = FIXED_BYTES;
  if (originMs !== 0) {
    view.setUint8(7, HAS_ORIGIN);
    view.setFloat64(at, originMs, true);
    at += ORIGIN_BYTES;
  }
  for (const { name, byteLength, checksum } of columns) {
    view.setUint32(at, COLUMN_IDS[name] * 2 ** LENGTH_BITS + byteLength / 4, true);
    view.setInt32(at + 4, checksum, true);
    at += ENTRY_BYTES;
  }
  memory.bytes.set(segment.subarray(0, at), WORKSPACE.payload);
  view.setInt32(at, memory.kernel.checksum(WORKSPACE.payload, at), true);
}
