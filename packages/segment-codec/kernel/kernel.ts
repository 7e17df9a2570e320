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
const TWO_32: f64 = 4294967296;

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
    for (; from + 16 <= end; from += 16) {
      a = round(a, load<u32>(from));
      b = round(b, load<u32>(from, 4));
      c = round(c, load<u32>(from, 8));
      d = round(d, load<u32>(from, 12));
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

function round(lane: u32, input: u32): u32 {
  return rotl(lane + input * PRIME_2, 13) * PRIME_1;
}

export function unpack(widthsAt: usize, packedAt: usize, count: i32, residualsAt: usize): void {
  let from = packedAt;
  let to = residualsAt;
  let frame = widthsAt;
  for (let left = count; left > 0; left -= FRAME_LENGTH, frame += 1) {
    const width: i32 = load<u8>(frame);
    const rows = rowsOf(left);
    if (width === 0) {
      memory.fill(to, 0, rows << 5);
    } else if (width <= 32) {
      unpackGroup(from, width, rows, to);
      from += groupBytes(width, rows);
    } else {
      unpackGroup(from, 32, rows, to);
      from += groupBytes(32, rows);
      unpackHighGroup(from, width - 32, rows, to);
      from += groupBytes(width - 32, rows);
    }
    to += FRAME_LENGTH * 8;
  }
}

function unpackGroup(from: usize, width: i32, rows: i32, residualsAt: usize): void {
  let to = residualsAt;
  const mask = i32x4.splat(width === 32 ? -1 : (1 << width) - 1);
  const end = rows * width;
  for (let bit = 0; bit < end; bit += width) {
    const four = v128.and(fourAt(from, bit), mask);
    v128.store(to, f64x2.convert_low_i32x4_u(four));
    v128.store(to, f64x2.convert_low_i32x4_u(upperHalf(four)), 16);
    to += 32;
  }
}

function unpackHighGroup(from: usize, width: i32, rows: i32, residualsAt: usize): void {
  let to = residualsAt;
  const mask = i32x4.splat((1 << width) - 1);
  const factor = f64x2.splat(TWO_32);
  const end = rows * width;
  for (let bit = 0; bit < end; bit += width) {
    const four = v128.and(fourAt(from, bit), mask);
    const low = f64x2.mul(f64x2.convert_low_i32x4_u(four), factor);
    const high = f64x2.mul(f64x2.convert_low_i32x4_u(upperHalf(four)), factor);
    v128.store(to, f64x2.add(v128.load(to), low));
    v128.store(to, f64x2.add(v128.load(to, 16), high), 16);
    to += 32;
  }
}

/** The 32 bits of each lane from a bit position on. */
function fourAt(from: usize, bit: i32): v128 {
  const word = from + ((bit >>> 5) << 4);
  const shift = bit & 31;
  // Two shifts, because a shift by 32 would do nothing.
  const next = i32x4.shl(i32x4.shl(v128.load(word, 16), 1), 31 - shift);
  return v128.or(i32x4.shr_u(v128.load(word), shift), next);
}

function upperHalf(four: v128): v128 {
  return i64x2.shuffle(four, four, 1, 1);
}

export function applyPatches(
  widthsAt: usize,
  patchWidthsAt: usize,
  patchCountsAt: usize,
  placesAt: usize,
  patchBitsAt: usize,
  frames: i32,
  firstBit: i32,
  residualsAt: usize,
): void {
  let bit = firstBit;
  let place = placesAt;
  for (let frame = 0; frame < frames; frame += 1) {
    const patches: i32 = load<u8>(patchCountsAt + frame);
    if (patches === 0) continue;
    const width: i32 = load<u8>(patchWidthsAt + frame);
    const unit = powerOfTwo(load<u8>(widthsAt + frame));
    const mask: u64 = ((<u64>1) << width) - 1;
    const to = residualsAt + ((<usize>frame) << 10);
    if (patches < BITMAP_FROM) {
      for (let i = 0; i < patches; i += 1) {
        addPatch(to + ((load<u8>(place + i) & 127) << 3), patchBitsAt, bit, mask, unit);
        bit += width;
      }
      place += patches;
      continue;
    }
    for (let half = 0; half < 2; half += 1) {
      const base = to + (half << 9);
      for (let left = load<u64>(place); left !== 0; left &= left - 1) {
        addPatch(base + ((<usize>ctz(left)) << 3), patchBitsAt, bit, mask, unit);
        bit += width;
      }
      place += 8;
    }
  }
}

function addPatch(to: usize, patchBitsAt: usize, bit: i32, mask: u64, unit: f64): void {
  const word = patchBitsAt + ((bit >>> 5) << 2);
  const high = (load<u64>(word) >>> (bit & 31)) & mask;
  store<f64>(to, load<f64>(to) + <f64>high * unit);
}

function powerOfTwo(exponent: i32): f64 {
  return reinterpret<f64>((<i64>(exponent + 1023)) << 52);
}

export function addBases(columnAt: usize, basesAt: usize, count: i32): void {
  let at = columnAt;
  let frame = basesAt;
  for (let left = count; left > 0; left -= FRAME_LENGTH, frame += 8) {
    const base = v128.load64_splat(frame);
    const end = at + (min(left, FRAME_LENGTH) << 3);
    for (; at < end; at += 16) v128.store(at, f64x2.add(v128.load(at), base));
  }
}

export function sumDeltas(columnAt: usize, basesAt: usize, count: i32): void {
  let at = columnAt;
  let frame = basesAt;
  for (let left = count; left > 0; left -= FRAME_LENGTH, frame += 8) {
    let sum = v128.load64_splat(frame);
    const end = at + (rowsOf(left) << 5);
    for (; at < end; at += 32) {
      const first = runningPair(unzigzag(v128.load(at)));
      const last = runningPair(unzigzag(v128.load(at, 16)));
      const four = f64x2.add(last, second(first));
      v128.store(at, f64x2.add(first, sum));
      v128.store(at, f64x2.add(four, sum), 16);
      sum = f64x2.add(sum, second(four));
    }
  }
}

export function sumSteps(columnAt: usize, basesAt: usize, count: i32): void {
  const one = f64x2.splat(1);
  let at = columnAt;
  let frame = basesAt;
  for (let left = count; left > 0; left -= FRAME_LENGTH, frame += 8) {
    let sum = v128.load64_splat(frame);
    const end = at + (rowsOf(left) << 5);
    for (; at < end; at += 32) {
      const first = runningPair(f64x2.add(v128.load(at), one));
      const last = runningPair(f64x2.add(v128.load(at, 16), one));
      const four = f64x2.add(last, second(first));
      v128.store(at, f64x2.add(first, sum));
      v128.store(at, f64x2.add(four, sum), 16);
      sum = f64x2.add(sum, second(four));
    }
  }
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

export function addPreviousClose(columnAt: usize, closeAt: usize, count: i32): void {
  const end = columnAt + (count << 3);
  let close = closeAt - 8;
  for (let at = columnAt; at < end; at += 16, close += 16) {
    v128.store(at, f64x2.add(v128.load(close), unzigzag(v128.load(at))));
  }
}

export function addToBody(columnAt: usize, openAt: usize, closeAt: usize, count: i32): void {
  const end = <usize>(count << 3);
  for (let i: usize = 0; i < end; i += 16) {
    const top = f64x2.pmax(v128.load(openAt + i), v128.load(closeAt + i));
    v128.store(columnAt + i, f64x2.add(top, v128.load(columnAt + i)));
  }
}

export function takeFromBody(columnAt: usize, openAt: usize, closeAt: usize, count: i32): void {
  const end = <usize>(count << 3);
  for (let i: usize = 0; i < end; i += 16) {
    const bottom = f64x2.pmin(v128.load(openAt + i), v128.load(closeAt + i));
    v128.store(columnAt + i, f64x2.sub(bottom, v128.load(columnAt + i)));
  }
}

export function scale(
  integersAt: usize,
  valuesAt: usize,
  count: i32,
  unit: f64,
  divisor: f64,
  offset: f64,
): void {
  const units = f64x2.splat(unit);
  const divisors = f64x2.splat(divisor);
  const offsets = f64x2.splat(offset);
  const end = <usize>(count << 3);
  for (let i: usize = 0; i < end; i += 16) {
    const scaled = f64x2.div(f64x2.mul(v128.load(integersAt + i), units), divisors);
    v128.store(valuesAt + i, f64x2.add(scaled, offsets));
  }
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

/** How many residuals of a frame have each number of bits. */
const histogram = memory.data(64 * 4, 16);

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
      patches += load<i32>(histogram + ((width + 1) << 2));
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

/** Fills the histogram. Returns the bits of the widest residual. */
function countWidths(residualsAt: usize, length: i32): i32 {
  memory.fill(histogram, 0, 64 * 4);
  let widest = 0;
  const end = residualsAt + (length << 3);
  for (let at = residualsAt; at < end; at += 8) {
    // A positive integer's bits are one more than its double's exponent.
    const exponent = <i32>(load<u64>(at) >>> 52);
    const width = max(exponent - 1022, 0);
    const entry = histogram + (width << 2);
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
