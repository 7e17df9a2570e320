import { timeframeGrid } from '@barkeep/core';
import { corruptSegment } from './corrupt-segment.ts';
import { readStream, unpackIntegers } from './frame-stream.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { ENCODING, PREDICTOR } from './segment-format.ts';
import { loadColumn, type SegmentPart } from './segment-part.ts';

const { values: VALUES, low: PERIODS } = WORKSPACE;

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
  const count = unpackIntegers(memory, stream, frames, PERIODS);
  const grid = timeframeGrid(directory.header.timeframe);
  if (grid.fixedMs !== undefined) {
    memory.kernel.scale(PERIODS, VALUES, count, grid.fixedMs, 1, grid.origin);
    return;
  }
  const from = PERIODS >>> 3;
  const to = VALUES >>> 3;
  for (let i = 0; i < count; i += 1) {
    memory.doubles[to + i] = grid.startOf(memory.doubles[from + i] ?? 0);
  }
}
