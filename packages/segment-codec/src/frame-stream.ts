import { corruptSegment } from './corrupt-segment.ts';
import { frameSizes } from './frame-sizes.ts';
import type { PatchTables } from './kernel/kernel.ts';
import type { KernelMemory } from './kernel/kernel-memory.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import {
  FRAME_LENGTH,
  framesOf,
  PREDICTOR,
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

/** A stream of packed integers in a kernel's memory. Addresses are those of a range's first frame. */
export interface FrameStream {
  readonly predictor: number;
  readonly hasPatches: boolean;
  /** Added to the base of every frame. */
  readonly base: number;
  /** The bytes of a frame's own base: 0 when it has none. */
  readonly baseWidth: number;
  readonly basesAt: number;
  readonly packedAt: number;
  readonly tables: PatchTables;
  /** Where the range's patches begin, in bits from `tables.patchBitsAt`. */
  readonly firstPatchBit: number;
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
    hasPatches,
    base,
    baseWidth,
    basesAt: basesAt + range.first * baseWidth,
    packedAt: packedAt + before.words * 4,
    tables: {
      widthsAt: widthsAt + range.first,
      patchWidthsAt: patchWidthsAt + range.first,
      patchCountsAt: patchCountsAt + range.first,
      placesAt: placesAt + before.placeBytes,
      patchBitsAt,
    },
    firstPatchBit: before.patchBits,
    endAt,
  };
}

/** Unpacks a range of a stream to residuals at `columnAt`. @returns How many. */
export function unpackResiduals(
  { kernel }: KernelMemory,
  stream: FrameStream,
  range: FrameRange,
  columnAt: number,
): number {
  const { tables } = stream;
  const count = Math.min(range.end * FRAME_LENGTH, range.count) - range.first * FRAME_LENGTH;
  kernel.unpack(tables.widthsAt, stream.packedAt, count, columnAt);
  if (stream.hasPatches) {
    kernel.applyPatches(tables, range.end - range.first, stream.firstPatchBit, columnAt);
  }
  return count;
}

/**
 * Unpacks a range of a stream whose integers depend on no other column, to `columnAt`; for
 * `PREDICTOR.previous` also the integer before the first.
 * @returns How many.
 */
export function unpackIntegers(
  memory: KernelMemory,
  stream: FrameStream,
  range: FrameRange,
  columnAt: number,
): number {
  const { kernel, doubles } = memory;
  const count = unpackResiduals(memory, stream, range, columnAt);
  spreadBases(memory, stream, range);
  if (stream.predictor === PREDICTOR.previous) {
    doubles[(columnAt >>> 3) - 1] = doubles[WORKSPACE.bases >>> 3] ?? 0;
    kernel.sumDeltas(columnAt, WORKSPACE.bases, count);
  } else if (stream.predictor === PREDICTOR.next) {
    kernel.sumSteps(columnAt, WORKSPACE.bases, count);
  } else if (stream.base !== 0 || stream.baseWidth !== 0) {
    kernel.addBases(columnAt, WORKSPACE.bases, count);
  }
  return count;
}

/** Writes the bases of a range's frames, as doubles, to where the kernel takes them from. */
function spreadBases(
  { view, doubles }: KernelMemory,
  stream: FrameStream,
  range: FrameRange,
): void {
  const { base, baseWidth, basesAt } = stream;
  const perFrame = stream.predictor === PREDICTOR.next ? FRAME_LENGTH : 0;
  for (let i = 0; i < range.end - range.first; i += 1) {
    const own = baseWidth === 0 ? 0 : readBase(view, basesAt + i * baseWidth, baseWidth);
    doubles[(WORKSPACE.bases >>> 3) + i] = base + (range.first + i) * perFrame + own;
  }
}

function readBase(view: DataView, at: number, width: number): number {
  if (width === 1) return view.getUint8(at);
  if (width === 2) return view.getUint16(at, true);
  if (width === 4) return view.getUint32(at, true);
  return view.getFloat64(at, true);
}

function isBaseWidth(width: number): boolean {
  return width === 0 || width === 1 || width === 2 || width === 4 || width === 8;
}
