import { corruptSegment } from './corrupt-segment.ts';
import { type FrameRange, type FrameStream, readStream } from './frame-stream.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import {
  DECIMAL_HEADER_BYTES,
  FRAME_LENGTH,
  MAX_SCALE,
  POWERS_OF_TEN,
  padded,
} from './segment-format.ts';
import type { ColumnPayload } from './segment-part.ts';

/** A column of decimals: what its integers are, what makes values of them, and what it cannot make. */
export interface DecimalColumn {
  readonly stream: FrameStream;
  readonly scale: number;
  readonly unit: number;
  readonly exceptions: number;
  readonly positionsAt: number;
  readonly doublesAt: number;
}

/** @throws BarkeepError `CORRUPT` */
export function readDecimalColumn(
  payload: ColumnPayload,
  frames: FrameRange,
  predictors: readonly number[],
): DecimalColumn {
  const { memory, at, limit, origin } = payload;
  const { view } = memory;
  if (limit - at < DECIMAL_HEADER_BYTES) throw corruptSegment('a column is cut off', at - origin);
  const scale = view.getUint8(at + 1);
  const exceptions = view.getUint32(at + 4, true);
  const unit = view.getFloat64(at + 8, true);
  if (scale > MAX_SCALE || exceptions > frames.count || !(Number.isSafeInteger(unit) && unit > 0)) {
    throw corruptSegment('a column has impossible decimals', at - origin);
  }
  const stream = readStream(payload, at + DECIMAL_HEADER_BYTES, frames, predictors);
  const positionsAt = stream.endAt;
  const doublesAt = positionsAt + padded(exceptions * 2);
  if (doublesAt + exceptions * 8 !== limit) {
    throw corruptSegment('a column has the wrong length', at - origin);
  }
  return { stream, scale, unit, exceptions, positionsAt, doublesAt };
}

/**
 * Decodes a column of decimals to the workspace's values, and the integers of open and close also to
 * their own places. The column's payload must still be in place.
 */
export function decodeDecimals({ memory }: ColumnPayload, column: DecimalColumn): void {
  const { kernel, view, doubles } = memory;
  const { stream, unit } = column;
  const divisor = POWERS_OF_TEN[column.scale] ?? 1;
  kernel.decode(stream, { unit, divisor, offset: 0 }, WORKSPACE);
  const start = stream.first * FRAME_LENGTH;
  for (let i = 0; i < column.exceptions; i += 1) {
    const position = view.getUint16(column.positionsAt + i * 2, true) - start;
    if (position < 0 || position >= stream.count) continue;
    doubles[(WORKSPACE.values >>> 3) + position] = view.getFloat64(column.doublesAt + i * 8, true);
  }
}
