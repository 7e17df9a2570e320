/**
 * The inner loops of the codec. They work on one block of memory, in which every argument named
 * `…At` is a byte address (a multiple of 16 for columns, of 4 for words), and on columns of doubles
 * that hold integers. There are two implementations with equal results, bit for bit: plain
 * JavaScript, and WebAssembly with SIMD.
 *
 * A kernel trusts its caller: widths, counts and addresses are checked before they come here.
 */
export interface Kernel {
  readonly name: KernelName;
  readonly memory: ArrayBuffer;

  /** XXH32 with seed 0, as a signed 32-bit integer. `at` is a multiple of 4. */
  checksum(at: number, length: number): number;

  /**
   * Reads packed frames, and makes values of them:
   * `values[i] = integers[i] * unit / divisor + offset`. Writes whole rows of four.
   *
   * The integers of `previous` (with the one before the first) go to the close column, those of
   * `previousClose` to the open column, for the predictors that look there.
   */
  decode(frames: PackedFrames, scaling: Scaling, columns: DecodedColumns): void;

  /** The index of the first value that is NaN, infinite or −0; `count` when there is none. */
  firstUnfit(valuesAt: number, count: number): number;
  /**
   * `integers[i] = round(values[i] * power)`, ties to even, kept within ±(2^51 − 1).
   * @returns How many of them, divided by `power`, are not the value again.
   */
  toIntegers(valuesAt: number, integersAt: number, count: number, power: number): number;
  /** The index, at or after `from`, of the first integer that `unit` does not divide. */
  firstNotMultiple(columnAt: number, from: number, count: number, unit: number): number;
  /** `column[i] = floor(column[i] / unit)`. */
  divide(columnAt: number, count: number, unit: number): void;
  /** Residuals of `PREDICTOR.base`: each integer without its frame's base. */
  takeBases(columnAt: number, basesAt: number, count: number, residualsAt: number): void;
  /** Residuals of `PREDICTOR.previous`; `column[-1]` is the first base. */
  toDeltas(columnAt: number, count: number, residualsAt: number): void;
  /** Residuals of `PREDICTOR.next`; `column[-1]` is the first base. */
  toSteps(columnAt: number, count: number, residualsAt: number): void;
  /** Residuals of `PREDICTOR.previousClose`. */
  fromPreviousClose(columnAt: number, closeAt: number, count: number, residualsAt: number): void;
  /** Residuals of `PREDICTOR.aboveBody`. @returns The index of the first negative residual, or `count`. */
  aboveBody(
    columnAt: number,
    openAt: number,
    closeAt: number,
    count: number,
    residualsAt: number,
  ): number;
  /** Residuals of `PREDICTOR.belowBody`. @returns The index of the first negative residual, or `count`. */
  belowBody(
    columnAt: number,
    openAt: number,
    closeAt: number,
    count: number,
    residualsAt: number,
  ): number;
  /** Chooses, for each frame, the width, and the number and width of patches, that take the fewest bits. */
  planFrames(residualsAt: number, count: number, tables: PatchTables): void;
  /** Packs residuals. May write zeros to those after the last, up to a whole row. */
  pack(residualsAt: number, count: number, widthsAt: number, packedAt: number): void;
  /** Packs what the residuals have above the widths of their frames. */
  packPatches(residualsAt: number, count: number, tables: PatchTables, patchWords: number): void;
}

export type KernelName = 'wasm' | 'js';

/** Where the tables of a stream are: one byte per frame each, then the patches' places and bits. */
export interface PatchTables {
  readonly widthsAt: number;
  readonly patchWidthsAt: number;
  readonly patchCountsAt: number;
  readonly placesAt: number;
  readonly patchBitsAt: number;
}

/** A run of whole frames of a stream. Addresses are those of the run's first frame. */
export interface PackedFrames {
  /** One of `PREDICTOR`. */
  readonly predictor: number;
  /** How many integers the run holds. */
  readonly count: number;
  /** The place of the run's first frame in the stream. */
  readonly first: number;
  readonly tables: PatchTables;
  readonly hasPatches: boolean;
  /** Where the run's patches begin, in bits from `tables.patchBitsAt`. */
  readonly firstPatchBit: number;
  readonly packedAt: number;
  /** Added to the base of every frame. */
  readonly base: number;
  /** The bytes of a frame's own base: 0 when it has none. */
  readonly baseWidth: number;
  readonly basesAt: number;
}

/** What makes values of integers. */
export interface Scaling {
  readonly unit: number;
  readonly divisor: number;
  readonly offset: number;
}

/** Leaves integers as they are. */
export const AS_INTEGERS: Scaling = Object.freeze({ unit: 1, divisor: 1, offset: 0 });

/** Where decoded columns are. Each may be written from 8 bytes before its address on. */
export interface DecodedColumns {
  readonly open: number;
  readonly close: number;
  readonly values: number;
}
