import { corruptSegment } from './corrupt-segment.ts';
import {
  FRAME_LENGTH,
  frameWords,
  MAX_PATCH_WIDTH,
  MAX_WIDTH,
  patchPlaceBytes,
} from './segment-format.ts';

/** The tables of a stream that say how much its frames take: one byte per frame each. */
export interface FrameTables {
  readonly widthsAt: number;
  readonly patchWidthsAt: number;
  readonly patchCountsAt: number;
  readonly hasPatches: boolean;
  /** The address that offsets in errors count from. */
  readonly origin: number;
}

/** What the frames of a stream take, all together, in each of its parts. */
export interface FrameSizes {
  readonly words: number;
  readonly placeBytes: number;
  readonly patchBits: number;
}

/**
 * The sizes of the frames `[first, end)` of a stream of `count` integers.
 * @throws BarkeepError `CORRUPT` when a width or a number of patches is impossible.
 */
export function frameSizes(
  bytes: Uint8Array,
  tables: FrameTables,
  count: number,
  first: number,
  end: number,
): FrameSizes {
  let words = 0;
  let placeBytes = 0;
  let patchBits = 0;
  for (let frame = first; frame < end; frame += 1) {
    const length = Math.min(count - frame * FRAME_LENGTH, FRAME_LENGTH);
    const width = bytes[tables.widthsAt + frame] ?? 0;
    if (width > MAX_WIDTH)
      throw corruptSegment('a frame is too wide', tables.widthsAt + frame - tables.origin);
    words += frameWords(width, length);
    if (!tables.hasPatches) continue;
    const patches = bytes[tables.patchCountsAt + frame] ?? 0;
    const patchWidth = bytes[tables.patchWidthsAt + frame] ?? 0;
    if (patches > length || patchWidth > MAX_PATCH_WIDTH || width + patchWidth > MAX_WIDTH) {
      throw corruptSegment(
        'a frame has impossible patches',
        tables.patchCountsAt + frame - tables.origin,
      );
    }
    placeBytes += patchPlaceBytes(patches);
    patchBits += patches * patchWidth;
  }
  return { words, placeBytes, patchBits };
}
