import type { CandleColumn } from '@barkeep/core';
import { isBits } from './column-encoding.ts';
import { corruptSegment } from './corrupt-segment.ts';
import type { FrameRange } from './frame-stream.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { readBits } from './read-bits.ts';
import { decodeDecimals, readDecimalColumn } from './read-decimals.ts';
import {
  ENCODING,
  FRAME_LENGTH,
  framesOf,
  PREDICTOR,
  padded,
  SPARSE_HEADER_BYTES,
} from './segment-format.ts';
import { type ColumnPayload, loadColumn, type SegmentPart } from './segment-part.ts';

/**
 * Decodes a part's frames of a column that is predicted from no other into the workspace's values.
 * @throws BarkeepError `CORRUPT`
 */
export function readIndependentColumn(part: SegmentPart, name: CandleColumn): void {
  const payload = loadColumn(part, name);
  const { memory, at, limit } = payload;
  const isSparse = limit > at && memory.view.getUint8(at) === ENCODING.sparse;
  if (isSparse) readSparse(payload, part);
  else readValues(payload, part.frames);
}

function readValues(payload: ColumnPayload, frames: FrameRange): void {
  if (isBits(payload)) {
    readBits(payload, frames);
    return;
  }
  const column = readDecimalColumn(payload, frames, [PREDICTOR.base, PREDICTOR.previous]);
  decodeDecimals(payload, column);
}

/** Values that some candles lack: a bit for each candle, then a column of those that are there. */
function readSparse(payload: ColumnPayload, { frames, skip, length }: SegmentPart): void {
  const { memory, at, limit, origin } = payload;
  const { count } = frames;
  const bitsAt = at + SPARSE_HEADER_BYTES;
  const valuesAt = padded(bitsAt + Math.ceil(count / 8));
  if (valuesAt > limit) throw corruptSegment('a column is cut off', at - origin);
  const present = memory.view.getUint32(at + 4, true);
  const bits = memory.bytes.slice(bitsAt, bitsAt + Math.ceil(count / 8));
  if (present === 0 || present >= count || countBits(bits, bits.length * 8) !== present) {
    throw corruptSegment('a column has an impossible number of values', at - origin);
  }
  const start = frames.first * FRAME_LENGTH;
  const before = countBits(bits, start);
  const within = countBits(bits, start + skip + length) - before;
  const first = Math.floor(before / FRAME_LENGTH);
  const end = within === 0 ? first : framesOf(before + within);
  readValues({ ...payload, at: valuesAt }, { count: present, first, end });

  const from = WORKSPACE.values >>> 3;
  const values = memory.doubles.slice(from, from + (end - first) * FRAME_LENGTH);
  let next = before - first * FRAME_LENGTH;
  for (let i = 0; i < skip + length; i += 1) {
    const isPresent = hasBit(bits, start + i);
    memory.doubles[from + i] = (isPresent ? values[next] : undefined) ?? Number.NaN;
    if (isPresent) next += 1;
  }
}

function hasBit(bits: Uint8Array, i: number): boolean {
  return (((bits[i >>> 3] ?? 0) >>> (i & 7)) & 1) === 1;
}

/** How many of the first bits are set. */
function countBits(bits: Uint8Array, length: number): number {
  let set = 0;
  for (let i = 0; i < length; i += 1) if (hasBit(bits, i)) set += 1;
  return set;
}
