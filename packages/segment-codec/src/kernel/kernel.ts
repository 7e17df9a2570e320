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

  /** Reads packed frames into `residuals`, save what patches add. Writes whole rows of four. */
  unpack(widthsAt: number, packedAt: number, count: number, residualsAt: number): void;
  /** Adds the patches of `frames` frames to their residuals. */
  applyPatches(tables: PatchTables, frames: number, firstBit: number, residualsAt: number): void;
  /** Residuals to integers, in place: each plus its frame's base. */
  addBases(columnAt: number, basesAt: number, count: number): void;
  /** Residuals to integers, in place: running sums of zigzag differences, anew in each frame. */
  sumDeltas(columnAt: number, basesAt: number, count: number): void;
  /** Residuals to integers, in place: running sums of `1 + residual`, anew in each frame. */
  sumSteps(columnAt: number, basesAt: number, count: number): void;
  /** Residuals to integers, in place: `close[i - 1]` plus a zigzag difference. */
  addPreviousClose(columnAt: number, closeAt: number, count: number): void;
  /** Residuals to integers, in place: the greater of open and close plus the residual. */
  addToBody(columnAt: number, openAt: number, closeAt: number, count: number): void;
  /** Residuals to integers, in place: the lesser of open and close minus the residual. */
  takeFromBody(columnAt: number, openAt: number, closeAt: number, count: number): void;
  /** `values[i] = integers[i] * unit / divisor + offset`. */
  scale(
    integersAt: number,
    valuesAt: number,
    count: number,
    unit: number,
    divisor: number,
    offset: number,
  ): void;

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
  /** The inverse of `addBases`, out of place. */
  takeBases(columnAt: number, basesAt: number, count: number, residualsAt: number): void;
  /** The inverse of `sumDeltas`, out of place; `column[-1]` is the first base. */
  toDeltas(columnAt: number, count: number, residualsAt: number): void;
  /** The inverse of `sumSteps`, out of place; `column[-1]` is the first base. */
  toSteps(columnAt: number, count: number, residualsAt: number): void;
  /** The inverse of `addPreviousClose`, out of place. */
  fromPreviousClose(columnAt: number, closeAt: number, count: number, residualsAt: number): void;
  /** The inverse of `addToBody`, out of place. @returns The index of the first negative residual, or `count`. */
  aboveBody(
    columnAt: number,
    openAt: number,
    closeAt: number,
    count: number,
    residualsAt: number,
  ): number;
  /** The inverse of `takeFromBody`, out of place. @returns The index of the first negative residual, or `count`. */
  belowBody(
    columnAt: number,
    openAt: number,
    closeAt: number,
    count: number,
    residualsAt: number,
  ): number;
  /** Chooses, for each frame, the width, and the number and width of patches, that take the fewest bits. */
  planFrames(residualsAt: number, count: number, tables: PatchTables): void;
  /** The inverse of `unpack`. May write zeros to the residuals after the last, up to a whole row. */
  pack(residualsAt: number, count: number, widthsAt: number, packedAt: number): void;
  /** The inverse of `applyPatches`, from bit 0 on. */
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
