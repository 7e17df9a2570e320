/**
 * The numbers of the segment format, version 2. The format itself is described, precisely enough to
 * write a reader in another language, in docs/segment-format.md.
 */

/** The most candles that one segment can hold. */
export const MAX_SEGMENT_LENGTH = 65_536;

/**
 * How many candles to put in a segment when nothing speaks for another number: few enough that a
 * look at the latest thousand decodes little else, enough that the headers weigh nothing.
 */
export const DEFAULT_SEGMENT_LENGTH = 4_096;

/** The version that this package writes, and the only one that there is. */
export const SEGMENT_VERSION = 2;

/** The bytes `BKSG`, as a little-endian word. */
export const SEGMENT_MAGIC = 0x47_53_4b_42;

/** Values are packed in frames of this many. */
export const FRAME_LENGTH = 128;

/** A frame is four interleaved bit streams: value `i` belongs to stream `i % 4`. */
export const LANES = 4;

/** The widest residual: a zigzag difference of two integers within ±(2^51 - 1). */
export const MAX_WIDTH = 53;

/** The widest patch: the bits of one residual above its frame's width. */
export const MAX_PATCH_WIDTH = 32;

/** From this many patches on, a bitmap of the frame says where they are, not a list. */
export const BITMAP_FROM = 16;

/** Integers lie within ± this, so that the zigzag difference of two fits in `MAX_WIDTH` bits. */
export const INTEGER_LIMIT: number = 2 ** 51 - 1;

/** 10^22 is the greatest power of ten that a double holds exactly. */
export const MAX_SCALE = 22;

/** How the bytes of a column begin: what its integers are. */
export interface Encodings {
  /** Period numbers on the grid of the timeframe. */
  readonly periods: number;
  /** What, multiplied by a unit and divided by a power of ten, gives the values. */
  readonly decimal: number;
  /** The halves of the doubles' bits. */
  readonly bits: number;
  /** Which candles have a value, and a column of those values. */
  readonly sparse: number;
}
export const ENCODING: Encodings = Object.freeze({ periods: 1, decimal: 2, bits: 3, sparse: 4 });

/** What the residuals of a stream are added to. */
export interface Predictors {
  /** The frame's base. */
  readonly base: number;
  /** The integer before, which for a frame's first is the frame's base. */
  readonly previous: number;
  /** One more than the integer before. */
  readonly next: number;
  /** The close of the candle before. */
  readonly previousClose: number;
  /** The greater of open and close. */
  readonly aboveBody: number;
  /** The lesser of open and close, from which the residual is taken away. */
  readonly belowBody: number;
}
export const PREDICTOR: Predictors = Object.freeze({
  base: 0,
  previous: 1,
  next: 2,
  previousClose: 3,
  aboveBody: 4,
  belowBody: 5,
});

export const STREAM_HEADER_BYTES = 12;
/** The flag of a stream that has patches. */
export const STREAM_HAS_PATCHES = 1;
export const DECIMAL_HEADER_BYTES = 16;
export const BITS_HEADER_BYTES = 8;
export const SPARSE_HEADER_BYTES = 8;

/** 10^0 to 10^22, each exactly. */
export const POWERS_OF_TEN: Float64Array = Float64Array.from({ length: MAX_SCALE + 1 }, (_, k) =>
  Number(`1e${k}`),
);

/** The frames that hold `count` values. */
export function framesOf(count: number): number {
  return Math.ceil(count / FRAME_LENGTH);
}

/** The 32-bit words that a frame of `length` values takes at a width. */
export function frameWords(width: number, length: number): number {
  const rows = (length + LANES - 1) >>> 2;
  if (width <= 32) return LANES * ((rows * width + 31) >>> 5);
  return LANES * (rows + ((rows * (width - 32) + 31) >>> 5));
}

/** The bytes that say where a frame's patches are. */
export function patchPlaceBytes(patches: number): number {
  return Math.min(patches, BITMAP_FROM);
}

/** The next multiple of four. */
export function padded(bytes: number): number {
  return (bytes + 3) & ~3;
}
