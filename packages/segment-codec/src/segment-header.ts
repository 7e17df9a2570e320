import { type EpochMs, isTimeframe, type Timeframe } from '@barkeep/core';
import { corruptSegment } from './corrupt-segment.ts';
import type { KernelMemory } from './kernel/kernel-memory.ts';
import { kernelMemory } from './kernel/kernel-memory.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import {
  HEADER_BYTES,
  MAX_SEGMENT_LENGTH,
  SEGMENT_MAGIC,
  SEGMENT_VERSION,
} from './segment-format.ts';

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
  /** Its size. */
  readonly byteLength: number;
  /** The header's checksum, which covers those of the columns: stands for the whole segment. */
  readonly checksum: number;
}

/** Where a column's bytes are in the segment, and their XXH32. */
export interface ColumnPlace {
  readonly at: number;
  readonly byteLength: number;
  readonly checksum: number;
}

/** A segment's header with the places of its columns, in the order of `CANDLE_COLUMNS`. */
export interface SegmentDirectory {
  readonly header: SegmentHeader;
  readonly columns: readonly ColumnPlace[];
}

const UNITS = 'smhdwMy';
const DIRECTORY_AT = 32;
const CHECKSUM_AT = HEADER_BYTES - 4;

/**
 * Reads a segment's header, whose own checksum is checked, without looking at the candles.
 * @throws BarkeepError `CORRUPT` when the bytes are no segment of this or an earlier version, are
 * damaged, or are not exactly as long as the header says.
 */
export function readSegmentHeader(bytes: Uint8Array): SegmentHeader {
  return readDirectory(kernelMemory(), bytes).header;
}

/** @throws BarkeepError `CORRUPT` */
export function readDirectory(memory: KernelMemory, bytes: Uint8Array): SegmentDirectory {
  if (bytes.length < HEADER_BYTES) throw corruptSegment('the header is cut off', bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== SEGMENT_MAGIC)
    throw corruptSegment('the signature is not BKSG', 0);
  const version = view.getUint8(4);
  if (version === 0 || version > SEGMENT_VERSION) {
    throw corruptSegment(`version ${version} is unknown`, 4);
  }
  memory.bytes.set(bytes.subarray(0, CHECKSUM_AT), WORKSPACE.payload);
  const checksum = memory.kernel.checksum(WORKSPACE.payload, CHECKSUM_AT);
  if (checksum !== view.getInt32(CHECKSUM_AT, true)) {
    throw corruptSegment('the header fails its checksum', CHECKSUM_AT);
  }
  const columns = readPlaces(view);
  const byteLength = columns.reduce(
    (end, column) => Math.max(end, column.at + column.byteLength),
    0,
  );
  if (byteLength !== bytes.length) {
    throw corruptSegment(`${bytes.length} bytes instead of ${byteLength}`, bytes.length);
  }
  return { header: readFields(view, version, byteLength), columns };
}

function readFields(view: DataView, version: number, byteLength: number): SegmentHeader {
  const timeframe = `${view.getUint32(8, true)}${UNITS[view.getUint8(5)] ?? '?'}`;
  if (!isTimeframe(timeframe)) throw corruptSegment('the timeframe is unknown', 5);
  const count = view.getUint32(12, true);
  if (count === 0 || count > MAX_SEGMENT_LENGTH) {
    throw corruptSegment(`${count} candles are not a segment`, 12);
  }
  const first = view.getFloat64(16, true);
  const last = view.getFloat64(24, true);
  const checksum = view.getUint32(CHECKSUM_AT, true);
  return { version, timeframe, count, first, last, byteLength, checksum };
}

function readPlaces(view: DataView): ColumnPlace[] {
  const places: ColumnPlace[] = [];
  let at = HEADER_BYTES;
  for (let entry = DIRECTORY_AT; entry < CHECKSUM_AT; entry += 8) {
    const byteLength = view.getUint32(entry, true);
    if (byteLength > WORKSPACE.payloadBytes || byteLength % 4 !== 0) {
      throw corruptSegment('a column has an impossible length', entry);
    }
    places.push({ at, byteLength, checksum: view.getInt32(entry + 4, true) });
    at += byteLength;
  }
  return places;
}

/** Writes a header over the first bytes of a segment whose columns follow it. */
export function writeDirectory(
  memory: KernelMemory,
  segment: Uint8Array,
  header: Omit<SegmentHeader, 'byteLength' | 'checksum'>,
  columns: readonly ColumnPlace[],
): void {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
  view.setUint32(0, SEGMENT_MAGIC, true);
  view.setUint8(4, header.version);
  view.setUint8(5, UNITS.indexOf(header.timeframe.slice(-1)));
  view.setUint32(8, Number.parseInt(header.timeframe, 10), true);
  view.setUint32(12, header.count, true);
  view.setFloat64(16, header.first, true);
  view.setFloat64(24, header.last, true);
  for (const [i, column] of columns.entries()) {
    view.setUint32(DIRECTORY_AT + i * 8, column.byteLength, true);
    view.setInt32(DIRECTORY_AT + i * 8 + 4, column.checksum, true);
  }
  memory.bytes.set(segment.subarray(0, CHECKSUM_AT), WORKSPACE.payload);
  const checksum = memory.kernel.checksum(WORKSPACE.payload, CHECKSUM_AT);
  view.setInt32(CHECKSUM_AT, checksum, true);
}
