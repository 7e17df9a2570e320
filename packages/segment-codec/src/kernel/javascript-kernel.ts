import {
  BITMAP_FROM,
  FRAME_LENGTH,
  INTEGER_LIMIT,
  LANES,
  MAX_PATCH_WIDTH,
  PREDICTOR,
} from '../segment-format.ts';
import type { DecodedColumns, Kernel, PackedFrames, PatchTables, Scaling } from './kernel.ts';
import { WORKSPACE_PAGES } from './workspace.ts';
import { xxh32 } from './xxh32.ts';

const TWO_32 = 2 ** 32;
/** Added and taken away again, it rounds a double of up to 51 bits to an integer, ties to even. */
const ROUNDER = 1.5 * 2 ** 52;

/** The kernel for engines without WebAssembly SIMD, and the yardstick of the other one. */
export class JavaScriptKernel implements Kernel {
  readonly name = 'js';
  readonly memory: ArrayBuffer = new ArrayBuffer(WORKSPACE_PAGES * 65_536);
  readonly #doubles: Float64Array = new Float64Array(this.memory);
  readonly #words: Int32Array = new Int32Array(this.memory);
  readonly #bytes: Uint8Array = new Uint8Array(this.memory);
  readonly #view: DataView = new DataView(this.memory);
  /** How many residuals of a frame have each number of bits. */
  readonly #histogram: Int32Array = new Int32Array(64);

  checksum(at: number, length: number): number {
    return xxh32(this.#words, this.#bytes, at, length);
  }

  decode(frames: PackedFrames, scaling: Scaling, columns: DecodedColumns): void {
    const { predictor, count } = frames;
    const { open, close, values } = columns;
    const integers =
      predictor === PREDICTOR.previous
        ? close
        : predictor === PREDICTOR.previousClose
          ? open
          : values;
    this.#unpack(frames.tables.widthsAt, frames.packedAt, count, integers);
    if (frames.hasPatches) this.#applyPatches(frames, integers);
    if (predictor === PREDICTOR.previous) {
      this.#doubles[(close >>> 3) - 1] = this.#base(frames, 0);
      this.#sumDeltas(close, frames);
    } else if (predictor === PREDICTOR.next) this.#sumSteps(values, frames);
    else if (predictor === PREDICTOR.previousClose) this.#addPreviousClose(open, close, count);
    else if (predictor === PREDICTOR.aboveBody) this.#addToBody(values, open, close, count);
    else if (predictor === PREDICTOR.belowBody) this.#takeFromBody(values, open, close, count);
    else this.#addBases(values, frames);
    this.#scale(integers, values, count, scaling);
  }

  #base({ predictor, first, base, baseWidth, basesAt }: PackedFrames, frame: number): number {
    const steps = predictor === PREDICTOR.next ? (first + frame) * FRAME_LENGTH : 0;
    const own = baseWidth === 0 ? 0 : this.#readBase(basesAt + frame * baseWidth, baseWidth);
    return base + steps + own;
  }

  #readBase(at: number, width: number): number {
    if (width === 1) return this.#view.getUint8(at);
    if (width === 2) return this.#view.getUint16(at, true);
    if (width === 4) return this.#view.getUint32(at, true);
    return this.#view.getFloat64(at, true);
  }

  #unpack(widthsAt: number, packedAt: number, count: number, residualsAt: number): void {
    let word = packedAt >>> 2;
    let out = residualsAt >>> 3;
    for (let start = 0, frame = widthsAt; start < count; start += FRAME_LENGTH, frame += 1) {
      const width = this.#bytes[frame] ?? 0;
      const rows = rowsFrom(start, count);
      word = this.#unpackGroup(word, Math.min(width, 32), rows, out);
      if (width > 32) word = this.#unpackHighGroup(word, width - 32, rows, out);
      out += FRAME_LENGTH;
    }
  }

  #unpackGroup(from: number, width: number, rows: number, to: number): number {
    const words = this.#words;
    const doubles = this.#doubles;
    if (width === 0) {
      doubles.fill(0, to, to + rows * LANES);
      return from;
    }
    const mask = width === 32 ? -1 : (1 << width) - 1;
    let out = to;
    for (let bit = 0, end = rows * width; bit < end; bit += width) {
      const word = from + (bit >>> 5) * LANES;
      const shift = bit & 31;
      const rest = 31 - shift;
      // Two shifts, because a shift by 32 would do nothing.
      doubles[out] =
        ((((words[word] ?? 0) >>> shift) | (((words[word + 4] ?? 0) << 1) << rest)) & mask) >>> 0;
      doubles[out + 1] =
        ((((words[word + 1] ?? 0) >>> shift) | (((words[word + 5] ?? 0) << 1) << rest)) & mask) >>>
        0;
      doubles[out + 2] =
        ((((words[word + 2] ?? 0) >>> shift) | (((words[word + 6] ?? 0) << 1) << rest)) & mask) >>>
        0;
      doubles[out + 3] =
        ((((words[word + 3] ?? 0) >>> shift) | (((words[word + 7] ?? 0) << 1) << rest)) & mask) >>>
        0;
      out += LANES;
    }
    return from + groupWords(width, rows);
  }

  #unpackHighGroup(from: number, width: number, rows: number, to: number): number {
    const words = this.#words;
    const doubles = this.#doubles;
    const mask = (1 << width) - 1;
    let out = to;
    for (let bit = 0, end = rows * width; bit < end; bit += width) {
      const first = from + (bit >>> 5) * LANES;
      const shift = bit & 31;
      const rest = 31 - shift;
      for (let lane = 0; lane < LANES; lane += 1) {
        const word = first + lane;
        const high =
          (((words[word] ?? 0) >>> shift) | (((words[word + 4] ?? 0) << 1) << rest)) & mask;
        doubles[out] = (doubles[out] ?? 0) + high * TWO_32;
        out += 1;
      }
    }
    return from + groupWords(width, rows);
  }

  #applyPatches({ tables, count, firstPatchBit }: PackedFrames, residualsAt: number): void {
    const bytes = this.#bytes;
    const doubles = this.#doubles;
    let bit = firstPatchBit;
    let place = tables.placesAt;
    const frames = Math.ceil(count / FRAME_LENGTH);
    for (let frame = 0; frame < frames; frame += 1) {
      const patches = bytes[tables.patchCountsAt + frame] ?? 0;
      if (patches === 0) continue;
      const width = bytes[tables.patchWidthsAt + frame] ?? 0;
      const unit = 2 ** (bytes[tables.widthsAt + frame] ?? 0);
      const out = (residualsAt >>> 3) + frame * FRAME_LENGTH;
      if (patches < BITMAP_FROM) {
        for (let i = 0; i < patches; i += 1) {
          const at = out + ((bytes[place + i] ?? 0) & (FRAME_LENGTH - 1));
          doubles[at] = (doubles[at] ?? 0) + this.#bits(tables.patchBitsAt, bit, width) * unit;
          bit += width;
        }
        place += patches;
        continue;
      }
      for (let i = 0; i < FRAME_LENGTH; i += 8) {
        for (let left = bytes[place] ?? 0; left !== 0; left &= left - 1) {
          const at = out + i + 31 - Math.clz32(left & -left);
          doubles[at] = (doubles[at] ?? 0) + this.#bits(tables.patchBitsAt, bit, width) * unit;
          bit += width;
        }
        place += 1;
      }
    }
  }

  #bits(at: number, bit: number, width: number): number {
    const word = (at >>> 2) + (bit >>> 5);
    const shift = bit & 31;
    const low = (this.#words[word] ?? 0) >>> shift;
    const all = low | (((this.#words[word + 1] ?? 0) << 1) << (31 - shift));
    return (width === 32 ? all : all & ((1 << width) - 1)) >>> 0;
  }

  #addBases(columnAt: number, frames: PackedFrames): void {
    const { count } = frames;
    const doubles = this.#doubles;
    const column = columnAt >>> 3;
    for (let start = 0, frame = 0; start < count; start += FRAME_LENGTH, frame += 1) {
      const base = this.#base(frames, frame);
      const end = column + Math.min(start + FRAME_LENGTH, count);
      for (let i = column + start; i < end; i += 1) doubles[i] = (doubles[i] ?? 0) + base;
    }
  }

  #sumDeltas(columnAt: number, frames: PackedFrames): void {
    const { count } = frames;
    const doubles = this.#doubles;
    const column = columnAt >>> 3;
    for (let start = 0, frame = 0; start < count; start += FRAME_LENGTH, frame += 1) {
      let sum = this.#base(frames, frame);
      const end = column + Math.min(start + FRAME_LENGTH, count);
      for (let i = column + start; i < end; i += 1) {
        const zigzag = doubles[i] ?? 0;
        const half = Math.floor(zigzag * 0.5);
        sum += half - (zigzag - 2 * half) * zigzag;
        doubles[i] = sum;
      }
    }
  }

  #sumSteps(columnAt: number, frames: PackedFrames): void {
    const { count } = frames;
    const doubles = this.#doubles;
    const column = columnAt >>> 3;
    for (let start = 0, frame = 0; start < count; start += FRAME_LENGTH, frame += 1) {
      let sum = this.#base(frames, frame);
      const end = column + Math.min(start + FRAME_LENGTH, count);
      for (let i = column + start; i < end; i += 1) {
        sum += 1 + (doubles[i] ?? 0);
        doubles[i] = sum;
      }
    }
  }

  #addPreviousClose(columnAt: number, closeAt: number, count: number): void {
    const doubles = this.#doubles;
    const column = columnAt >>> 3;
    const previous = (closeAt >>> 3) - 1;
    for (let i = 0; i < count; i += 1) {
      const zigzag = doubles[column + i] ?? 0;
      const half = Math.floor(zigzag * 0.5);
      doubles[column + i] = (doubles[previous + i] ?? 0) + (half - (zigzag - 2 * half) * zigzag);
    }
  }

  #addToBody(columnAt: number, openAt: number, closeAt: number, count: number): void {
    const doubles = this.#doubles;
    const column = columnAt >>> 3;
    const open = openAt >>> 3;
    const close = closeAt >>> 3;
    for (let i = 0; i < count; i += 1) {
      doubles[column + i] =
        Math.max(doubles[open + i] ?? 0, doubles[close + i] ?? 0) + (doubles[column + i] ?? 0);
    }
  }

  #takeFromBody(columnAt: number, openAt: number, closeAt: number, count: number): void {
    const doubles = this.#doubles;
    const column = columnAt >>> 3;
    const open = openAt >>> 3;
    const close = closeAt >>> 3;
    for (let i = 0; i < count; i += 1) {
      doubles[column + i] =
        Math.min(doubles[open + i] ?? 0, doubles[close + i] ?? 0) - (doubles[column + i] ?? 0);
    }
  }

  #scale(
    integersAt: number,
    valuesAt: number,
    count: number,
    { unit, divisor, offset }: Scaling,
  ): void {
    const doubles = this.#doubles;
    const integers = integersAt >>> 3;
    const values = valuesAt >>> 3;
    for (let i = 0; i < count; i += 1) {
      doubles[values + i] = ((doubles[integers + i] ?? 0) * unit) / divisor + offset;
    }
  }

  firstUnfit(valuesAt: number, count: number): number {
    const doubles = this.#doubles;
    const values = valuesAt >>> 3;
    for (let i = 0; i < count; i += 1) {
      const value = doubles[values + i] ?? 0;
      if (value - value !== 0 || (value === 0 && 1 / value < 0)) return i;
    }
    return count;
  }

  toIntegers(valuesAt: number, integersAt: number, count: number, power: number): number {
    const doubles = this.#doubles;
    const values = valuesAt >>> 3;
    const integers = integersAt >>> 3;
    let lossy = 0;
    for (let i = 0; i < count; i += 1) {
      const value = doubles[values + i] ?? 0;
      const scaled = value * power;
      const kept = Math.max(-INTEGER_LIMIT, Math.min(INTEGER_LIMIT, scaled));
      const integer = kept + ROUNDER - ROUNDER;
      doubles[integers + i] = integer;
      if (integer / power !== value) lossy += 1;
    }
    return lossy;
  }

  firstNotMultiple(columnAt: number, from: number, count: number, unit: number): number {
    const doubles = this.#doubles;
    const column = columnAt >>> 3;
    for (let i = from; i < count; i += 1) {
      const integer = doubles[column + i] ?? 0;
      if (Math.floor(integer / unit) * unit !== integer) return i;
    }
    return count;
  }

  divide(columnAt: number, count: number, unit: number): void {
    const doubles = this.#doubles;
    const column = columnAt >>> 3;
    for (let i = column; i < column + count; i += 1) {
      doubles[i] = Math.floor((doubles[i] ?? 0) / unit);
    }
  }

  takeBases(columnAt: number, basesAt: number, count: number, residualsAt: number): void {
    const doubles = this.#doubles;
    const column = columnAt >>> 3;
    const residuals = residualsAt >>> 3;
    for (let start = 0, frame = basesAt >>> 3; start < count; start += FRAME_LENGTH, frame += 1) {
      const base = doubles[frame] ?? 0;
      const end = Math.min(start + FRAME_LENGTH, count);
      for (let i = start; i < end; i += 1) {
        doubles[residuals + i] = (doubles[column + i] ?? 0) - base;
      }
    }
  }

  toDeltas(columnAt: number, count: number, residualsAt: number): void {
    this.#zigzagDifferences(columnAt, columnAt, count, residualsAt);
  }

  fromPreviousClose(columnAt: number, closeAt: number, count: number, residualsAt: number): void {
    this.#zigzagDifferences(columnAt, closeAt, count, residualsAt);
  }

  #zigzagDifferences(
    columnAt: number,
    referenceAt: number,
    count: number,
    residualsAt: number,
  ): void {
    const doubles = this.#doubles;
    const column = columnAt >>> 3;
    const previous = (referenceAt >>> 3) - 1;
    const residuals = residualsAt >>> 3;
    for (let i = 0; i < count; i += 1) {
      const difference = (doubles[column + i] ?? 0) - (doubles[previous + i] ?? 0);
      doubles[residuals + i] = difference < 0 ? -2 * difference - 1 : 2 * difference;
    }
  }

  toSteps(columnAt: number, count: number, residualsAt: number): void {
    const doubles = this.#doubles;
    const column = columnAt >>> 3;
    const residuals = residualsAt >>> 3;
    for (let i = 0; i < count; i += 1) {
      doubles[residuals + i] = (doubles[column + i] ?? 0) - (doubles[column + i - 1] ?? 0) - 1;
    }
  }

  aboveBody(
    columnAt: number,
    openAt: number,
    closeAt: number,
    count: number,
    residualsAt: number,
  ): number {
    const doubles = this.#doubles;
    const column = columnAt >>> 3;
    const open = openAt >>> 3;
    const close = closeAt >>> 3;
    const residuals = residualsAt >>> 3;
    let firstNegative = count;
    for (let i = 0; i < count; i += 1) {
      const above =
        (doubles[column + i] ?? 0) - Math.max(doubles[open + i] ?? 0, doubles[close + i] ?? 0);
      doubles[residuals + i] = above;
      if (above < 0 && firstNegative === count) firstNegative = i;
    }
    return firstNegative;
  }

  belowBody(
    columnAt: number,
    openAt: number,
    closeAt: number,
    count: number,
    residualsAt: number,
  ): number {
    const doubles = this.#doubles;
    const column = columnAt >>> 3;
    const open = openAt >>> 3;
    const close = closeAt >>> 3;
    const residuals = residualsAt >>> 3;
    let firstNegative = count;
    for (let i = 0; i < count; i += 1) {
      const below =
        Math.min(doubles[open + i] ?? 0, doubles[close + i] ?? 0) - (doubles[column + i] ?? 0);
      doubles[residuals + i] = below;
      if (below < 0 && firstNegative === count) firstNegative = i;
    }
    return firstNegative;
  }

  planFrames(residualsAt: number, count: number, tables: PatchTables): void {
    for (let start = 0, frame = 0; start < count; start += FRAME_LENGTH, frame += 1) {
      this.#planFrame(
        residualsAt + start * 8,
        Math.min(count - start, FRAME_LENGTH),
        frame,
        tables,
      );
    }
  }

  #planFrame(residualsAt: number, length: number, frame: number, tables: PatchTables): void {
    const histogram = this.#histogram;
    const widest = this.#countWidths(residualsAt, length);
    const rows = rowsFrom(0, length);
    let best = widest;
    let bestBits = rows * LANES * widest;
    let bestPatches = 0;
    let patches = 0;
    const narrowest = Math.max(0, widest - MAX_PATCH_WIDTH);
    for (let width = widest - 1; width >= narrowest; width -= 1) {
      patches += histogram[width + 1] ?? 0;
      const places = 8 * Math.min(patches, BITMAP_FROM);
      const bits = rows * LANES * width + patches * (widest - width) + places;
      if (bits >= bestBits) continue;
      bestBits = bits;
      best = width;
      bestPatches = patches;
    }
    this.#bytes[tables.widthsAt + frame] = best;
    this.#bytes[tables.patchWidthsAt + frame] = bestPatches === 0 ? 0 : widest - best;
    this.#bytes[tables.patchCountsAt + frame] = bestPatches;
  }

  /** Fills the histogram. @returns The bits of the widest residual. */
  #countWidths(residualsAt: number, length: number): number {
    const histogram = this.#histogram.fill(0);
    const doubles = this.#doubles;
    const residuals = residualsAt >>> 3;
    let widest = 0;
    for (let i = residuals; i < residuals + length; i += 1) {
      const residual = doubles[i] ?? 0;
      const width =
        residual < TWO_32
          ? 32 - Math.clz32(residual)
          : 64 - Math.clz32(Math.floor(residual / TWO_32));
      histogram[width] = (histogram[width] ?? 0) + 1;
      if (width > widest) widest = width;
    }
    return widest;
  }

  pack(residualsAt: number, count: number, widthsAt: number, packedAt: number): void {
    this.#doubles.fill(0, (residualsAt >>> 3) + count, (residualsAt >>> 3) + rowsEnd(count));
    let word = packedAt >>> 2;
    let residual = residualsAt >>> 3;
    for (let start = 0, frame = widthsAt; start < count; start += FRAME_LENGTH, frame += 1) {
      const width = this.#bytes[frame] ?? 0;
      const rows = rowsFrom(start, count);
      word = this.#packGroup(residual, 1, Math.min(width, 32), rows, word);
      if (width > 32) word = this.#packGroup(residual, TWO_32, width - 32, rows, word);
      residual += FRAME_LENGTH;
    }
  }

  #packGroup(from: number, divisor: number, width: number, rows: number, to: number): number {
    if (width === 0) return to;
    const words = this.#words;
    const doubles = this.#doubles;
    const next = to + groupWords(width, rows);
    words.fill(0, to, next);
    const mask = width === 32 ? -1 : (1 << width) - 1;
    let residual = from;
    for (let bit = 0, end = rows * width; bit < end; bit += width) {
      const first = to + (bit >>> 5) * LANES;
      const shift = bit & 31;
      const spills = shift + width > 32;
      for (let word = first; word < first + LANES; word += 1) {
        // Bitwise operators take a number modulo 2^32: its low word.
        const value = Math.floor((doubles[residual] ?? 0) / divisor) & mask;
        words[word] = (words[word] ?? 0) | (value << shift);
        if (spills) words[word + LANES] = (words[word + LANES] ?? 0) | (value >>> (32 - shift));
        residual += 1;
      }
    }
    return next;
  }

  packPatches(residualsAt: number, count: number, tables: PatchTables, patchWords: number): void {
    const bytes = this.#bytes;
    const doubles = this.#doubles;
    const bits = tables.patchBitsAt >>> 2;
    this.#words.fill(0, bits, bits + patchWords);
    let bit = 0;
    let place = tables.placesAt;
    for (let start = 0, frame = 0; start < count; start += FRAME_LENGTH, frame += 1) {
      const patches = bytes[tables.patchCountsAt + frame] ?? 0;
      if (patches === 0) continue;
      const unit = 2 ** (bytes[tables.widthsAt + frame] ?? 0);
      const width = bytes[tables.patchWidthsAt + frame] ?? 0;
      const asBitmap = patches >= BITMAP_FROM;
      if (asBitmap) bytes.fill(0, place, place + BITMAP_FROM);
      let listed = place;
      const length = Math.min(count - start, FRAME_LENGTH);
      for (let i = 0; i < length; i += 1) {
        const residual = doubles[(residualsAt >>> 3) + start + i] ?? 0;
        if (residual < unit) continue;
        if (asBitmap) {
          bytes[place + (i >>> 3)] = (bytes[place + (i >>> 3)] ?? 0) | (1 << (i & 7));
        } else {
          bytes[listed] = i;
          listed += 1;
        }
        this.#putBits(bits, bit, Math.floor(residual / unit), width);
        bit += width;
      }
      place += Math.min(patches, BITMAP_FROM);
    }
  }

  #putBits(at: number, bit: number, value: number, width: number): void {
    const words = this.#words;
    const word = at + (bit >>> 5);
    const shift = bit & 31;
    words[word] = (words[word] ?? 0) | (value << shift);
    if (shift + width > 32) words[word + 1] = value >>> (32 - shift);
  }
}

/** The rows of four in the frame that begins at `start`. */
function rowsFrom(start: number, count: number): number {
  return count - start >= FRAME_LENGTH ? FRAME_LENGTH / LANES : Math.ceil((count - start) / LANES);
}

function rowsEnd(count: number): number {
  return Math.ceil(count / LANES) * LANES;
}

function groupWords(width: number, rows: number): number {
  return LANES * Math.ceil((rows * width) / 32);
}
