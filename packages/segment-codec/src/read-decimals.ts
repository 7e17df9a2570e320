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
  predictor: number,
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
  const stream = readStream(payload, at + DECIMAL_HEADER_BYTES, frames, [predictor]);
  const positionsAt = stream.endAt;
  const doublesAt = positionsAt + padded(exceptions * 2);
  if (doublesAt + exceptions * 8 !== limit) {
    throw corruptSegment('a column has the wrong length', at - origin);
  }
  return { stream, scale, unit, exceptions, positionsAt, doublesAt };
}

/**
 * Makes values of a column's integers at `integersAt`. The column's payload must still be in place.
 */
export function toValues(
  { memory }: ColumnPayload,
  column: DecimalColumn,
  frames: FrameRange,
  integersAt: number,
): void {
  const { kernel, view, doubles } = memory;
  const start = frames.first * FRAME_LENGTH;
  const end = Math.min(frames.end * FRAME_LENGTH, frames.count);
  const divisor = POWERS_OF_TEN[column.scale] ?? 1;
  kernel.scale(integersAt, WORKSPACE.values, end - start, column.unit, divisor, 0);
  for (let i = 0; i < column.exceptions; i += 1) {
    const position = view.getUint16(column.positionsAt + i * 2, true);
    if (position < start || position >= end) continue;
    doubles[(WORKSPACE.values >>> 3) + position - start] = view.getFloat64(
      column.doublesAt + i * 8,
      true,
    );
  }
}
