import { corruptSegment } from './corrupt-segment.ts';
import { frameSizes } from './frame-sizes.ts';
import type { PackedFrames } from './kernel/kernel.ts';
import {
  FRAME_LENGTH,
  framesOf,
  padded,
  STREAM_HAS_PATCHES,
  STREAM_HEADER_BYTES,
} from './segment-format.ts';
import type { ColumnPayload } from './segment-part.ts';

/** A run of whole frames: `[first, end)` of a stream of `count` integers. */
export interface FrameRange {
  readonly count: number;
  readonly first: number;
  readonly end: number;
}

/** A range of a stream of packed integers in a kernel's memory. */
export interface FrameStream extends PackedFrames {
  /** Where the whole stream ends. */
  readonly endAt: number;
}

/**
 * Finds the parts of the stream at `at`, all of which must lie within its column, and which
 * must have one of `predictors`.
 * @throws BarkeepError `CORRUPT`
 */
export function readStream(
  { memory, limit, origin }: ColumnPayload,
  at: number,
  range: FrameRange,
  predictors: readonly number[],
): FrameStream {
  const { view, bytes } = memory;
  if (limit - at < STREAM_HEADER_BYTES) throw corruptSegment('a stream is cut off', at - origin);
  const predictor = view.getUint8(at);
  const baseWidth = view.getUint8(at + 1);
  const flags = view.getUint8(at + 2);
  const base = view.getFloat64(at + 4, true);
  if (
    !predictors.includes(predictor) ||
    !isBaseWidth(baseWidth) ||
    flags > STREAM_HAS_PATCHES ||
    view.getUint8(at + 3) !== 0
  ) {
    throw corruptSegment('a stream has an unknown form', at - origin);
  }

  const hasPatches = flags === STREAM_HAS_PATCHES;
  const frames = framesOf(range.count);
  const widthsAt = at + STREAM_HEADER_BYTES;
  const patchWidthsAt = widthsAt + frames;
  const patchCountsAt = patchWidthsAt + frames;
  const basesAt = padded(hasPatches ? patchCountsAt + frames : patchWidthsAt);
  const packedAt = padded(basesAt + frames * baseWidth);
  if (packedAt > limit) throw corruptSegment('a stream is cut off', at - origin);

  const tables = { widthsAt, patchWidthsAt, patchCountsAt, hasPatches, origin };
  const before = frameSizes(bytes, tables, range.count, 0, range.first);
  const rest = frameSizes(bytes, tables, range.count, range.first, frames);
  const placesAt = packedAt + (before.words + rest.words) * 4;
  const patchBitsAt = padded(placesAt + before.placeBytes + rest.placeBytes);
  const endAt = patchBitsAt + Math.ceil((before.patchBits + rest.patchBits) / 32) * 4;
  if (endAt > limit) throw corruptSegment('a stream is cut off', at - origin);
  return {
    predictor,
    count: Math.min(range.end * FRAME_LENGTH, range.count) - range.first * FRAME_LENGTH,
    first: range.first,
    tables: {
      widthsAt: widthsAt + range.first,
      patchWidthsAt: patchWidthsAt + range.first,
      patchCountsAt: patchCountsAt + range.first,
      placesAt: placesAt + before.placeBytes,
      patchBitsAt,
    },
    hasPatches,
    firstPatchBit: before.patchBits,
    packedAt: packedAt + before.words * 4,
    base,
    baseWidth,
    basesAt: basesAt + range.first * baseWidth,
    endAt,
  };
}

function isBaseWidth(width: number): boolean {
  return width === 0 || width === 1 || width === 2 || width === 4 || width === 8;
}
