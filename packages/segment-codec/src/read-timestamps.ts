import { type TimeframeGrid, timeframeGrid } from '@barkeep/core';
import { corruptSegment } from './corrupt-segment.ts';
import { readStream } from './frame-stream.ts';
import { AS_INTEGERS, type Scaling } from './kernel/kernel.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { ENCODING, PREDICTOR } from './segment-format.ts';
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
  if (grid.fixedMs !== undefined) return;
  const { doubles } = memory;
  const from = WORKSPACE.values >>> 3;
  for (let i = from; i < from + stream.count; i += 1) doubles[i] = grid.startOf(doubles[i] ?? 0);
}

/** Period numbers to timestamps, save those of a calendar. */
function scalingOf({ fixedMs, origin }: TimeframeGrid): Scaling {
  if (fixedMs === undefined) return AS_INTEGERS;
  return { unit: fixedMs, divisor: 1, offset: origin };
}
