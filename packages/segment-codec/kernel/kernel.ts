/**
 * The inner loops of the codec in AssemblyScript, for WebAssembly with SIMD. Their contract is the
 * interface `Kernel` in ../src/kernel/kernel.ts; JavaScriptKernel is the same in plain JavaScript.
 * `node kernel/build-kernel.ts` compiles this file to ../src/kernel/wasm-kernel-code.ts.
 */

const FRAME_LENGTH: i32 = 128;
const ROWS: i32 = 32;
const MAX_PATCH_WIDTH: i32 = 32;
const BITMAP_FROM: i32 = 16;
const INTEGER_LIMIT: f64 = 2251799813685247;
const ROUNDER: f64 = 6755399441055744;
/** Up to so many bits, a residual and its zigzag fit in what `toDoubles` takes. */
const QUICK_WIDTH: i32 = 51;
const TWO_32: f64 = 4294967296;

const BASE: i32 = 0;
const PREVIOUS: i32 = 1;
const NEXT: i32 = 2;
const PREVIOUS_CLOSE: i32 = 3;
const ABOVE_BODY: i32 = 4;
const BELOW_BODY: i32 = 5;

// What the kernel keeps for itself, in the first 4 kB of the memory.
/** How many residuals of a frame have each number of bits. */
const HISTOGRAM_AT: usize = 0;
/** What patches add to each residual of a frame, as integers of 64 bits; zeros between frames. */
const PATCHES_AT: usize = 2048;
/** The residuals of a frame that is too wide for the quick way, as doubles. */
const WIDE_AT: usize = 3072;
// Constants of inner loops: V8 keeps in a register what is loaded, and makes the others anew.
const ROUNDERS_AT: usize = memory.data<f64>([6755399441055744, 6755399441055744], 16);
const ONES_AT: usize = memory.data<u64>([1, 1], 16);
const PRIMES_AT: usize = memory.data<u32>([0x85ebca77, 0x85ebca77, 0x85ebca77, 0x85ebca77], 16);

const PRIME_1: u32 = 0x9e3779b1;
const PRIME_2: u32 = 0x85ebca77;
const PRIME_3: u32 = 0xc2b2ae3d;
const PRIME_4: u32 = 0x27d4eb2f;
const PRIME_5: u32 = 0x165667b1;

export function checksum(at: usize, length: u32): i32 {
  let from = at;
  const end = at + length;
  let hash: u32 = PRIME_5;
  if (length >= 16) {
    let a: u32 = PRIME_1 + PRIME_2;
    let b: u32 = PRIME_2;
    let c: u32 = 0;
    let d: u32 = 0 - PRIME_1;
    const primes = v128.load(PRIMES_AT);
    for (; from + 16 <= end; from += 16) {
      const inputs = i32x4.mul(v128.load(from), primes);
      const first: u64 = i64x2.extract_lane(inputs, 0);
      const last: u64 = i64x2.extract_lane(inputs, 1);
      a = round(a, <u32>first);
      b = round(b, <u32>(first >>> 32));
      c = round(c, <u32>last);
      d = round(d, <u32>(last >>> 32));
    }
    hash = rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18);
  }
  hash += length;
  for (; from + 4 <= end; from += 4) {
    hash = rotl(hash + load<u32>(from) * PRIME_3, 17) * PRIME_4;
  }
  for (; from < end; from += 1) {
    hash = rotl(hash + load<u8>(from) * PRIME_5, 11) * PRIME_1;
  }
  hash = (hash ^ (hash >>> 15)) * PRIME_2;
  hash = (hash ^ (hash >>> 13)) * PRIME_3;
  return hash ^ (hash >>> 16);
}

/** One round of a lane, with an input that is multiplied already. */
function round(lane: u32, product: u32): u32 {
  return rotl(lane + product, 13) * PRIME_1;
}

// What makes values of the integers of a column, and where they and the other columns are.
let unit: f64 = 1;
let divisor: f64 = 1;
let offset: f64 = 0;
let openAt: usize = 0;
let closeAt: usize = 0;
let valuesAt: usize = 0;

export function decode(
  predictor: i32,
  count: i32,
  firstFrame: i32,
  widthsAt: usize,
  patchWidthsAt: usize,
  patchCountsAt: usize,
  placesAt: usize,
  patchBitsAt: usize,
  firstPatchBit: i32,
  hasPatches: bool,
  packedAt: usize,
  base: f64,
  baseWidth: i32,
  basesAt: usize,
  unitOfValues: f64,
  divisorOfValues: f64,
  offsetOfValues: f64,
  openColumnAt: usize,
  closeColumnAt: usize,
  valuesColumnAt: usize,
): void {
  unit = unitOfValues;
  divisor = divisorOfValues;
  offset = offsetOfValues;
  openAt = openColumnAt;
  closeAt = closeColumnAt;
  valuesAt = valuesColumnAt;
  let packed = packedAt;
  let place = placesAt;
  let bit = firstPatchBit;
  for (let frame = 0, start = 0; start < count; frame += 1, start += FRAME_LENGTH) {
    const width: i32 = load<u8>(widthsAt + frame);
    const patches: i32 = hasPatches ? load<u8>(patchCountsAt + frame) : 0;
    const patchWidth: i32 = patches > 0 ? load<u8>(patchWidthsAt + frame) : 0;
    const rows = rowsOf(count - start);
    const isQuick = width <= 32 && width + patchWidth <= QUICK_WIDTH;
    if (patches > 0) {
      spreadPatches(patches, patchWidth, isQuick ? width : 0, place, patchBitsAt, bit);
      place += min(patches, BITMAP_FROM);
      bit += patches * patchWidth;
    }
    const own = baseWidth === 0 ? 0 : readBase(basesAt + frame * baseWidth, baseWidth);
    const steps = predictor === NEXT ? (firstFrame + frame) * FRAME_LENGTH : 0;
    const first = base + steps + own;
    if (predictor === PREVIOUS && frame === 0) store<f64>(closeAt - 8, first);
    if (isQuick) {
      decodeQuick(predictor, packed, width, rows, first, start << 3);
    } else {
      unpackWide(packed, width, rows);
      decodeWide(predictor, rows, first, start << 3);
    }
    if (patches > 0) clearPatches();
    packed += frameBytes(width, rows);
  }
}

function decodeQuick(
  predictor: i32,
  packedAt: usize,
  width: i32,
  rows: i32,
  base: f64,
  at: usize,
): void {
  if (predictor === BASE) quickBase(packedAt, width, rows, base, at);
  else if (predictor === PREVIOUS) quickPrevious(packedAt, width, rows, base, at);
  else if (predictor === NEXT) quickNext(packedAt, width, rows, base, at);
  else if (predictor === PREVIOUS_CLOSE) quickPreviousClose(packedAt, width, rows, base, at);
  else if (predictor === ABOVE_BODY) quickAboveBody(packedAt, width, rows, base, at);
  else quickBelowBody(packedAt, width, rows, base, at);
}

// One function each, of which the compiler keeps only what its predictor needs.

function quickBase(packedAt: usize, width: i32, rows: i32, base: f64, at: usize): void {
  Frame.toValues(BASE, true, packedAt, width, rows, base, at);
}

function quickPrevious(packedAt: usize, width: i32, rows: i32, base: f64, at: usize): void {
  Frame.toValues(PREVIOUS, true, packedAt, width, rows, base, at);
}

function quickNext(packedAt: usize, width: i32, rows: i32, base: f64, at: usize): void {
  Frame.toValues(NEXT, true, packedAt, width, rows, base, at);
}

function quickPreviousClose(packedAt: usize, width: i32, rows: i32, base: f64, at: usize): void {
  Frame.toValues(PREVIOUS_CLOSE, true, packedAt, width, rows, base, at);
}

function quickAboveBody(packedAt: usize, width: i32, rows: i32, base: f64, at: usize): void {
  Frame.toValues(ABOVE_BODY, true, packedAt, width, rows, base, at);
}

function quickBelowBody(packedAt: usize, width: i32, rows: i32, base: f64, at: usize): void {
  Frame.toValues(BELOW_BODY, true, packedAt, width, rows, base, at);
}

function decodeWide(predictor: i32, rows: i32, base: f64, at: usize): void {
  Frame.toValues(predictor, false, 0, 0, rows, base, at);
}

// biome-ignore lint/complexity/noStaticOnlyClass: only methods take decorators
class Frame {
  /** Makes values of a frame's residuals, from the packed words or, not quickly, from `WIDE_AT`. */
  @inline
  static toValues(
    predictor: i32,
    isQuick: bool,
    packedAt: usize,
    width: i32,
    rows: i32,
    base: f64,
    at: usize,
  ): void {
    const isZigzag = predictor === PREVIOUS || predictor === PREVIOUS_CLOSE;
    const mask = i64x2.splat(((<i64>1) << width) - 1);
    const rounders = v128.load(ROUNDERS_AT);
    const ones = v128.load(ONES_AT);
    const units = f64x2.splat(unit);
    const divisors = f64x2.splat(divisor);
    const divides = divisor !== 1;
    const offsets = f64x2.splat(offset);
    const open = openAt + at;
    const close = closeAt + at;
    const values = valuesAt + at;
    let sum = f64x2.splat(base);
    const end = (<usize>rows) << 5;
    for (let i: usize = 0, bit = 0; i < end; i += 32, bit += width) {
      let first: v128;
      let last: v128;
      if (isQuick) {
        const word = packedAt + ((bit >>> 5) << 4);
        const low = v128.load(word);
        const high = v128.load(word, 16);
        const shift = bit & 31;
        first = v128.and(i64x2.shr_u(i32x4.shuffle(low, high, 0, 4, 1, 5), shift), mask);
        last = v128.and(i64x2.shr_u(i32x4.shuffle(low, high, 2, 6, 3, 7), shift), mask);
        first = i64x2.add(first, v128.load(PATCHES_AT + i));
        last = i64x2.add(last, v128.load(PATCHES_AT + i, 16));
        if (isZigzag) {
          first = unzigzagInteger(first, ones);
          last = unzigzagInteger(last, ones);
        }
        first = f64x2.sub(i64x2.add(first, rounders), rounders);
        last = f64x2.sub(i64x2.add(last, rounders), rounders);
      } else {
        first = v128.load(WIDE_AT + i);
        last = v128.load(WIDE_AT + i, 16);
        if (isZigzag) {
          first = unzigzag(first);
          last = unzigzag(last);
        }
      }

      if (predictor === ABOVE_BODY) {
        first = f64x2.add(f64x2.pmax(v128.load(open + i), v128.load(close + i)), first);
        last = f64x2.add(f64x2.pmax(v128.load(open + i, 16), v128.load(close + i, 16)), last);
      } else if (predictor === BELOW_BODY) {
        first = f64x2.sub(f64x2.pmin(v128.load(open + i), v128.load(close + i)), first);
        last = f64x2.sub(f64x2.pmin(v128.load(open + i, 16), v128.load(close + i, 16)), last);
      } else if (predictor === PREVIOUS_CLOSE) {
        first = f64x2.add(v128.load(close + i - 8), first);
        last = f64x2.add(v128.load(close + i + 8), last);
        v128.store(open + i, first);
        v128.store(open + i, last, 16);
      } else if (predictor === BASE) {
        first = f64x2.add(first, sum);
        last = f64x2.add(last, sum);
      } else {
        if (predictor === NEXT) {
          first = f64x2.add(first, f64x2.splat(1));
          last = f64x2.add(last, f64x2.splat(1));
        }
        first = runningPair(first);
        const four = f64x2.add(runningPair(last), second(first));
        first = f64x2.add(first, sum);
        last = f64x2.add(four, sum);
        sum = f64x2.add(sum, second(four));
        if (predictor === PREVIOUS) {
          v128.store(close + i, first);
          v128.store(close + i, last, 16);
        }
      }

      first = f64x2.mul(first, units);
      last = f64x2.mul(last, units);
      if (divides) {
        first = f64x2.div(first, divisors);
        last = f64x2.div(last, divisors);
      }
      v128.store(values + i, f64x2.add(first, offsets));
      v128.store(values + i, f64x2.add(last, offsets), 16);
    }
  }
}

function clearPatches(): void {
  const zero = i64x2.splat(0);
  for (let at = PATCHES_AT; at < PATCHES_AT + FRAME_LENGTH * 8; at += 64) {
    v128.store(at, zero);
    v128.store(at, zero, 16);
    v128.store(at, zero, 32);
    v128.store(at, zero, 48);
  }
}

/** Puts a frame's patches, shifted to where they belong, each at the place of its residual. */
function spreadPatches(
  patches: i32,
  width: i32,
  shift: i32,
  placesAt: usize,
  patchBitsAt: usize,
  firstBit: i32,
): void {
  const mask: u64 = ((<u64>1) << width) - 1;
  let bit = firstBit;
  if (patches < BITMAP_FROM) {
    for (let i = 0; i < patches; i += 1, bit += width) {
      const place = load<u8>(placesAt + i) & (FRAME_LENGTH - 1);
      putPatch(PATCHES_AT + ((<usize>place) << 3), patchBitsAt, bit, mask, shift);
    }
    return;
  }
  for (let half = 0; half < 2; half += 1) {
    const to = PATCHES_AT + (half << 9);
    for (let left = load<u64>(placesAt + (half << 3)); left !== 0; left &= left - 1) {
      putPatch(to + ((<usize>ctz(left)) << 3), patchBitsAt, bit, mask, shift);
      bit += width;
    }
  }
}

function putPatch(to: usize, patchBitsAt: usize, bit: i32, mask: u64, shift: i32): void {
  const word = patchBitsAt + ((bit >>> 5) << 2);
  store<u64>(to, ((load<u64>(word) >>> (bit & 31)) & mask) << shift);
}

/** Reads the residuals of one frame of any width; its patches are in place, and not shifted. */
function unpackWide(packedAt: usize, width: i32, rows: i32): void {
  const lowWidth = min(width, 32);
  const highAt = packedAt + groupBytes(lowWidth, rows);
  const patchUnit = f64x2.splat(powerOfTwo(width));
  const end = (<usize>rows) << 5;
  for (let i: usize = 0, row = 0; i < end; i += 32, row += 1) {
    const low = fourAt(packedAt, row * lowWidth, lowWidth);
    const high = width > 32 ? fourAt(highAt, row * (width - 32), width - 32) : i32x4.splat(0);
    storeWide(i, low, high, patchUnit);
    storeWide(i + 16, upperHalf(low), upperHalf(high), patchUnit);
  }
}

function storeWide(i: usize, low: v128, high: v128, patchUnit: v128): void {
  const upper = f64x2.mul(f64x2.convert_low_i32x4_u(high), f64x2.splat(TWO_32));
  const packed = f64x2.add(f64x2.convert_low_i32x4_u(low), upper);
  v128.store(
    WIDE_AT + i,
    f64x2.add(packed, f64x2.mul(toDoubles(v128.load(PATCHES_AT + i)), patchUnit)),
  );
}

/** The numbers of a width that begin at a bit of each lane. */
function fourAt(from: usize, bit: i32, width: i32): v128 {
  const word = from + ((bit >>> 5) << 4);
  const shift = bit & 31;
  const mask = i32x4.splat(width === 32 ? -1 : (1 << width) - 1);
  // Two shifts, because a shift by 32 would do nothing.
  const next = i32x4.shl(i32x4.shl(v128.load(word, 16), 1), 31 - shift);
  return v128.and(v128.or(i32x4.shr_u(v128.load(word), shift), next), mask);
}

function upperHalf(four: v128): v128 {
  return i64x2.shuffle(four, four, 1, 1);
}

function readBase(at: usize, width: i32): f64 {
  if (width === 1) return <f64>load<u8>(at);
  if (width === 2) return <f64>load<u16>(at);
  if (width === 4) return <f64>load<u32>(at);
  return load<f64>(at);
}

function powerOfTwo(exponent: i32): f64 {
  return reinterpret<f64>((<i64>(exponent + 1023)) << 52);
}

/** Integers within ±2^51 to doubles: as the low bits of a double so great that its last bit is 1. */
function toDoubles(integers: v128): v128 {
  const rounder = f64x2.splat(ROUNDER);
  return f64x2.sub(i64x2.add(integers, rounder), rounder);
}

/** [a, b] to [a, a + b]. */
function runningPair(pair: v128): v128 {
  return f64x2.add(pair, i64x2.shuffle(i64x2.splat(0), pair, 0, 2));
}

/** [a, b] to [b, b]. */
function second(pair: v128): v128 {
  return i64x2.shuffle(pair, pair, 1, 1);
}

/** 0, 1, 2, 3, 4 … to 0, −1, 1, −2, 2 …. */
function unzigzag(zigzag: v128): v128 {
  const half = f64x2.floor(f64x2.mul(zigzag, f64x2.splat(0.5)));
  const odd = f64x2.sub(zigzag, f64x2.add(half, half));
  return f64x2.sub(half, f64x2.mul(odd, zigzag));
}

/** The same for integers of 64 bits. */
function unzigzagInteger(zigzag: v128, ones: v128): v128 {
  const sign = i64x2.neg(v128.and(zigzag, ones));
  return v128.xor(i64x2.shr_u(zigzag, 1), sign);
}

export function firstUnfit(valuesAt: usize, count: i32): i32 {
  const zero = f64x2.splat(0);
  const minusZero = f64x2.splat(-0.0);
  const pairs = count & ~1;
  for (let i = 0; i < pairs; i += 2) {
    const pair = v128.load(valuesAt + (i << 3));
    const infinite = f64x2.ne(f64x2.sub(pair, pair), zero);
    if (!v128.any_true(v128.or(infinite, i64x2.eq(pair, minusZero)))) continue;
    return isUnfit(valuesAt + (i << 3)) ? i : i + 1;
  }
  return pairs < count && isUnfit(valuesAt + (pairs << 3)) ? pairs : count;
}

function isUnfit(at: usize): bool {
  const minusZero: u64 = 0x8000000000000000;
  const infinity: u64 = 0x7ff0000000000000;
  const bits = load<u64>(at);
  return bits === minusZero || (bits & infinity) === infinity;
}

export function toIntegers(valuesAt: usize, integersAt: usize, count: i32, power: f64): i32 {
  const powers = f64x2.splat(power);
  const most = f64x2.splat(INTEGER_LIMIT);
  const least = f64x2.splat(-INTEGER_LIMIT);
  const rounder = f64x2.splat(ROUNDER);
  let lossy = i64x2.splat(0);
  // The slot after an odd last value is not a value.
  if (count & 1) store<f64>(valuesAt + (count << 3), 0);
  const end = <usize>(count << 3);
  for (let i: usize = 0; i < end; i += 16) {
    const value = v128.load(valuesAt + i);
    const kept = f64x2.pmax(f64x2.pmin(f64x2.mul(value, powers), most), least);
    const integer = f64x2.sub(f64x2.add(kept, rounder), rounder);
    v128.store(integersAt + i, integer);
    lossy = i64x2.sub(lossy, f64x2.ne(f64x2.div(integer, powers), value));
  }
  return <i32>(i64x2.extract_lane(lossy, 0) + i64x2.extract_lane(lossy, 1));
}

export function firstNotMultiple(columnAt: usize, from: i32, count: i32, unit: f64): i32 {
  for (let i = from; i < count; i += 1) {
    const integer = load<f64>(columnAt + (i << 3));
    if (Math.floor(integer / unit) * unit !== integer) return i;
  }
  return count;
}

export function divide(columnAt: usize, count: i32, unit: f64): void {
  const units = f64x2.splat(unit);
  const end = columnAt + (count << 3);
  for (let at = columnAt; at < end; at += 16) {
    v128.store(at, f64x2.floor(f64x2.div(v128.load(at), units)));
  }
}

export function takeBases(columnAt: usize, basesAt: usize, count: i32, residualsAt: usize): void {
  let at = columnAt;
  let to = residualsAt;
  let frame = basesAt;
  for (let left = count; left > 0; left -= FRAME_LENGTH, frame += 8) {
    const base = v128.load64_splat(frame);
    const end = at + (min(left, FRAME_LENGTH) << 3);
    for (; at < end; at += 16, to += 16) v128.store(to, f64x2.sub(v128.load(at), base));
  }
}

export function toDeltas(columnAt: usize, count: i32, residualsAt: usize): void {
  zigzagDifferences(columnAt, columnAt, count, residualsAt);
}

export function fromPreviousClose(
  columnAt: usize,
  closeAt: usize,
  count: i32,
  residualsAt: usize,
): void {
  zigzagDifferences(columnAt, closeAt, count, residualsAt);
}

function zigzagDifferences(
  columnAt: usize,
  referenceAt: usize,
  count: i32,
  residualsAt: usize,
): void {
  const zero = f64x2.splat(0);
  const one = f64x2.splat(1);
  const end = <usize>(count << 3);
  for (let i: usize = 0; i < end; i += 16) {
    const difference = f64x2.sub(v128.load(columnAt + i), v128.load(referenceAt + i - 8));
    const size = f64x2.abs(difference);
    const negative = v128.and(f64x2.lt(difference, zero), one);
    v128.store(residualsAt + i, f64x2.sub(f64x2.add(size, size), negative));
  }
}

export function toSteps(columnAt: usize, count: i32, residualsAt: usize): void {
  const one = f64x2.splat(1);
  const end = <usize>(count << 3);
  for (let i: usize = 0; i < end; i += 16) {
    const step = f64x2.sub(v128.load(columnAt + i), v128.load(columnAt + i - 8));
    v128.store(residualsAt + i, f64x2.sub(step, one));
  }
}

export function aboveBody(
  columnAt: usize,
  openAt: usize,
  closeAt: usize,
  count: i32,
  residualsAt: usize,
): i32 {
  const end = <usize>(count << 3);
  for (let i: usize = 0; i < end; i += 16) {
    const top = f64x2.pmax(v128.load(openAt + i), v128.load(closeAt + i));
    v128.store(residualsAt + i, f64x2.sub(v128.load(columnAt + i), top));
  }
  return firstNegative(residualsAt, count);
}

export function belowBody(
  columnAt: usize,
  openAt: usize,
  closeAt: usize,
  count: i32,
  residualsAt: usize,
): i32 {
  const end = <usize>(count << 3);
  for (let i: usize = 0; i < end; i += 16) {
    const bottom = f64x2.pmin(v128.load(openAt + i), v128.load(closeAt + i));
    v128.store(residualsAt + i, f64x2.sub(bottom, v128.load(columnAt + i)));
  }
  return firstNegative(residualsAt, count);
}

function firstNegative(residualsAt: usize, count: i32): i32 {
  for (let i = 0; i < count; i += 1) {
    if (load<f64>(residualsAt + (i << 3)) < 0) return i;
  }
  return count;
}

export function planFrames(
  residualsAt: usize,
  count: i32,
  widthsAt: usize,
  patchWidthsAt: usize,
  patchCountsAt: usize,
): void {
  let at = residualsAt;
  let frame = 0;
  for (let left = count; left > 0; left -= FRAME_LENGTH, frame += 1) {
    const length = min(left, FRAME_LENGTH);
    const lanes = rowsOf(left) << 2;
    const widest = countWidths(at, length);
    let best = widest;
    let bestBits = lanes * widest;
    let bestPatches = 0;
    let patches = 0;
    const narrowest = max(0, widest - MAX_PATCH_WIDTH);
    for (let width = widest - 1; width >= narrowest; width -= 1) {
      patches += load<i32>(HISTOGRAM_AT + ((width + 1) << 2));
      const places = min(patches, BITMAP_FROM) << 3;
      const bits = lanes * width + patches * (widest - width) + places;
      if (bits >= bestBits) continue;
      bestBits = bits;
      best = width;
      bestPatches = patches;
    }
    store<u8>(widthsAt + frame, best);
    store<u8>(patchWidthsAt + frame, bestPatches === 0 ? 0 : widest - best);
    store<u8>(patchCountsAt + frame, bestPatches);
    at += FRAME_LENGTH * 8;
  }
}

/** Fills the HISTOGRAM_AT. Returns the bits of the widest residual. */
function countWidths(residualsAt: usize, length: i32): i32 {
  memory.fill(HISTOGRAM_AT, 0, 64 * 4);
  let widest = 0;
  const end = residualsAt + (length << 3);
  for (let at = residualsAt; at < end; at += 8) {
    // A positive integer's bits are one more than its double's exponent.
    const exponent = <i32>(load<u64>(at) >>> 52);
    const width = max(exponent - 1022, 0);
    const entry = HISTOGRAM_AT + (width << 2);
    store<i32>(entry, load<i32>(entry) + 1);
    widest = max(widest, width);
  }
  return widest;
}

export function pack(residualsAt: usize, count: i32, widthsAt: usize, packedAt: usize): void {
  for (let i = count; i & 3; i += 1) store<f64>(residualsAt + (i << 3), 0);
  let from = residualsAt;
  let to = packedAt;
  let frame = widthsAt;
  for (let left = count; left > 0; left -= FRAME_LENGTH, frame += 1) {
    const width: i32 = load<u8>(frame);
    const rows = rowsOf(left);
    if (width > 0) {
      packGroup(from, false, min(width, 32), rows, to);
      to += groupBytes(min(width, 32), rows);
    }
    if (width > 32) {
      packGroup(from, true, width - 32, rows, to);
      to += groupBytes(width - 32, rows);
    }
    from += FRAME_LENGTH * 8;
  }
}

function packGroup(residualsAt: usize, high: bool, width: i32, rows: i32, wordsAt: usize): void {
  let from = residualsAt;
  let to = wordsAt;
  const mask = i32x4.splat(width === 32 ? -1 : (1 << width) - 1);
  let four = i32x4.splat(0);
  let shift = 0;
  for (let row = 0; row < rows; row += 1, from += 32) {
    const value = v128.and(halves(v128.load(from), v128.load(from, 16), high), mask);
    four = v128.or(four, i32x4.shl(value, shift));
    shift += width;
    if (shift < 32) continue;
    v128.store(to, four);
    to += 16;
    shift -= 32;
    four = shift === 0 ? i32x4.splat(0) : i32x4.shr_u(value, width - shift);
  }
  if (shift > 0) v128.store(to, four);
}

/** The low or the high words of four integers of up to 53 bits. */
function halves(first: v128, second: v128, high: bool): v128 {
  const factor = f64x2.splat(1 / TWO_32);
  let a = f64x2.floor(f64x2.mul(first, factor));
  let b = f64x2.floor(f64x2.mul(second, factor));
  if (!high) {
    a = f64x2.sub(first, f64x2.mul(a, f64x2.splat(TWO_32)));
    b = f64x2.sub(second, f64x2.mul(b, f64x2.splat(TWO_32)));
  }
  return i64x2.shuffle(i32x4.trunc_sat_f64x2_u_zero(a), i32x4.trunc_sat_f64x2_u_zero(b), 0, 2);
}

export function packPatches(
  residualsAt: usize,
  count: i32,
  widthsAt: usize,
  patchWidthsAt: usize,
  patchCountsAt: usize,
  placesAt: usize,
  patchBitsAt: usize,
  patchWords: i32,
): void {
  memory.fill(patchBitsAt, 0, (patchWords << 2) + 8);
  let bit = 0;
  let place = placesAt;
  let from = residualsAt;
  let frame = 0;
  for (let left = count; left > 0; left -= FRAME_LENGTH, frame += 1, from += FRAME_LENGTH * 8) {
    const patches: i32 = load<u8>(patchCountsAt + frame);
    if (patches === 0) continue;
    const unit = powerOfTwo(load<u8>(widthsAt + frame));
    const width: i32 = load<u8>(patchWidthsAt + frame);
    const end = from + (rowsOf(left) << 5);
    const lower = wideMask(from, min(from + 512, end), unit);
    const upper = wideMask(from + 512, end, unit);
    if (patches >= BITMAP_FROM) {
      store<u64>(place, lower);
      store<u64>(place, upper, 8);
    } else {
      listPlaces(place, lower, 0);
      listPlaces(place + <usize>popcnt(lower), upper, 64);
    }
    bit = packWide(from, lower, unit, width, patchBitsAt, bit);
    bit = packWide(from + 512, upper, unit, width, patchBitsAt, bit);
    place += min(patches, BITMAP_FROM);
  }
}

/** A bit for each of up to 64 residuals, set where it has more bits than its frame keeps. */
function wideMask(residualsAt: usize, end: usize, unit: f64): u64 {
  const units = f64x2.splat(unit);
  let mask: u64 = 0;
  let shift: u64 = 0;
  for (let at = residualsAt; at < end; at += 16, shift += 2) {
    mask |= (<u64>i64x2.bitmask(f64x2.ge(v128.load(at), units))) << shift;
  }
  return mask;
}

function listPlaces(placesAt: usize, mask: u64, first: u64): void {
  let place = placesAt;
  for (let left = mask; left !== 0; left &= left - 1, place += 1) {
    store<u8>(place, first + ctz(left));
  }
}

/** Appends what is above the frame's bits in the residuals of a mask. Returns the bit after it. */
function packWide(
  residualsAt: usize,
  mask: u64,
  unit: f64,
  width: i32,
  patchBitsAt: usize,
  firstBit: i32,
): i32 {
  let bit = firstBit;
  for (let left = mask; left !== 0; left &= left - 1, bit += width) {
    const residual = load<f64>(residualsAt + ((<usize>ctz(left)) << 3));
    const word = patchBitsAt + ((bit >>> 5) << 2);
    const high = <u64>Math.floor(residual / unit);
    store<u64>(word, load<u64>(word) | (high << (bit & 31)));
  }
  return bit;
}

/** The rows of four in a frame of which `left` values remain. */
function rowsOf(left: i32): i32 {
  return left >= FRAME_LENGTH ? ROWS : (left + 3) >>> 2;
}

function groupBytes(width: i32, rows: i32): i32 {
  return ((rows * width + 31) >>> 5) << 4;
}

function frameBytes(width: i32, rows: i32): i32 {
  const high = width > 32 ? groupBytes(width - 32, rows) : 0;
  return groupBytes(min(width, 32), rows) + high;
}
