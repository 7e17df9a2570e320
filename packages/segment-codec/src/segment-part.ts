import type { CandleColumn } from '@barkeep/core';
import { corruptSegment } from './corrupt-segment.ts';
import type { FrameRange } from './frame-stream.ts';
import type { KernelMemory } from './kernel/kernel-memory.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { FRAME_LENGTH, framesOf } from './segment-format.ts';
import { readDirectory, type SegmentDirectory } from './segment-header.ts';

/** The candles of a segment that a call is about, and the frames that hold them. */
export interface SegmentPart {
  readonly memory: KernelMemory;
  readonly bytes: Uint8Array;
  readonly directory: SegmentDirectory;
  readonly frames: FrameRange;
  /** The index of the first candle, counted from the first of the frames. */
  readonly skip: number;
  readonly length: number;
}

/** A column of a segment as it is stored, copied to a kernel's memory. */
export interface ColumnPayload {
  readonly memory: KernelMemory;
  readonly at: number;
  readonly limit: number;
  /** The address that byte 0 of the segment would have: what offsets in errors count from. */
  readonly origin: number;
}

/**
 * @throws BarkeepError `CORRUPT` when the header is damaged.
 * @throws RangeError when the range is not within the segment.
 */
export function segmentPart(
  memory: KernelMemory,
  bytes: Uint8Array,
  start = 0,
  end?: number,
): SegmentPart {
  const directory = readDirectory(memory, bytes);
  const { count } = directory.header;
  const stop = end ?? count;
  if (
    !(
      Number.isInteger(start) &&
      Number.isInteger(stop) &&
      0 <= start &&
      start <= stop &&
      stop <= count
    )
  ) {
    throw new RangeError(`the candles [${start}, ${stop}) are not within a segment of ${count}`);
  }
  const first = Math.floor(start / FRAME_LENGTH);
  return {
    memory,
    bytes,
    directory,
    frames: { count, first, end: Math.max(first, framesOf(stop)) },
    skip: start - first * FRAME_LENGTH,
    length: stop - start,
  };
}

/**
 * Copies a column's bytes to the kernel's memory, where the next one takes their place.
 * @throws BarkeepError `CORRUPT` when they fail their checksum.
 */
export function loadColumn(
  { memory, bytes, directory }: SegmentPart,
  column: CandleColumn,
): ColumnPayload {
  const place = directory.columns.find(({ name }) => name === column);
  if (place === undefined) throw corruptSegment(`there is no column ${column}`, 0);
  const at = WORKSPACE.payload;
  memory.bytes.set(bytes.subarray(place.at, place.at + place.byteLength), at);
  if (memory.kernel.checksum(at, place.byteLength) !== place.checksum) {
    throw corruptSegment(`the column ${column} fails its checksum`, place.at);
  }
  return { memory, at, limit: at + place.byteLength, origin: at - place.at };
}
