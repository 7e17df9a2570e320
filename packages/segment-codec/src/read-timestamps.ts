import { type TimeframeGrid, timeframeGrid } from '@barkeep/core';
import { corruptSegment } from './corrupt-segment.ts';
import { readStream } from './frame-stream.ts';
import { AS_INTEGERS, type Scaling } from './kernel/kernel.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { ENCODING, FRAME_LENGTH, PREDICTOR } from './segment-format.ts';
import { loadColumn, type SegmentPart } from './segment-part.ts';

/** Decodes the timestamps of a part's frames to the workspace's values. */
export function readTimestamps(part: SegmentPart): void {
  const { memory, frames, directory } = part;
  const payload = loadColumn(part, 'timestamp');
  const { at, limit, origin } = payload;
  if (limit - at < 4 || memory.view.getUint32(at, true) !== ENCODING.periods) {
    throw corruptSegment('the timestamps have an unknown encoding', at - origin);
  }
  const stream = readStream(payload, at + 4, frames, [PREDICTOR.next]);
  if (stream.endAt !== limit) throw corruptSegment('a column is too long', at - origin);
  const grid = timeframeGrid(directory.header.timeframe);
  memory.kernel.decode(stream, scalingOf(grid), WORKSPACE);
  const from = WORKSPACE.values >>> 3;
  const values = memory.doubles.subarray(from, from + stream.count);
  if (grid.fixedMs === undefined) {
    for (const [i, value] of values.entries()) values[i] = grid.startOf(value);
  }
  if (!isInOrder(values, part))
    throw corruptSegment('the timestamps are out of order', at - origin);
}

/**
 * Whether frames of timestamps ascend from the first to the last that the header says. Checksums find
 * damage; this finds what was made with the right ones, and would send readers round in circles.
 */
function isInOrder(timestamps: Float64Array, { frames, directory }: SegmentPart): boolean {
  const { first, last, count } = directory.header;
  let previous = frames.first === 0 ? first - 1 : first;
  for (let i = 0; i < timestamps.length; i += 1) {
    const timestamp = timestamps[i] ?? Number.NaN;
    if (!(timestamp > previous)) return false;
    previous = timestamp;
  }
  const isToEnd = frames.first * FRAME_LENGTH + timestamps.length === count;
  const isFromStart = frames.first > 0 || timestamps[0] === first;
  return isFromStart && (isToEnd ? previous === last : previous < last);
}

/** Period numbers to timestamps, save those of a calendar. */
function scalingOf({ fixedMs, origin }: TimeframeGrid): Scaling {
  if (fixedMs === undefined) return AS_INTEGERS;
  return { unit: fixedMs, divisor: 1, offset: origin };
}
