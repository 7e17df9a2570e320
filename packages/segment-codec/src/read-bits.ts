import { corruptSegment } from './corrupt-segment.ts';
import { type FrameRange, readStream } from './frame-stream.ts';
import { AS_INTEGERS } from './kernel/kernel.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { BITS_HEADER_BYTES, PREDICTOR } from './segment-format.ts';
import type { ColumnPayload } from './segment-part.ts';

const { values: VALUES, low: LOWER, high: UPPER } = WORKSPACE;

/**
 * Decodes a column of bits to the workspace's values.
 * @throws BarkeepError `CORRUPT`
 */
export function readBits(payload: ColumnPayload, frames: FrameRange): void {
  const { memory, at, limit, origin } = payload;
  if (limit - at < BITS_HEADER_BYTES) throw corruptSegment('a column is cut off', at - origin);
  const upperAt = at + BITS_HEADER_BYTES;
  const lowerAt = upperAt + memory.view.getUint32(at + 4, true);
  if (lowerAt > limit || lowerAt % 4 !== 0)
    throw corruptSegment('a column is cut off', at - origin);
  const upper = readStream({ ...payload, limit: lowerAt }, upperAt, frames, [
    PREDICTOR.base,
    PREDICTOR.previous,
  ]);
  const lower = readStream(payload, lowerAt, frames, [PREDICTOR.base]);
  if (upper.endAt !== lowerAt || lower.endAt !== limit) {
    throw corruptSegment('a column has the wrong length', at - origin);
  }
  const { kernel, words, doubles } = memory;
  kernel.decode(upper, AS_INTEGERS, { open: UPPER, close: UPPER, values: UPPER });
  kernel.decode(lower, AS_INTEGERS, { open: LOWER, close: LOWER, values: LOWER });
  for (let i = 0; i < upper.count; i += 1) {
    words[(VALUES >>> 2) + 2 * i] = doubles[(LOWER >>> 3) + i] ?? 0;
    words[(VALUES >>> 2) + 2 * i + 1] = doubles[(UPPER >>> 3) + i] ?? 0;
  }
}
