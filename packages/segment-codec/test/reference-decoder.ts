/**
 * A reader of segments written from docs/segment-format.md alone: slow, plain, and sharing nothing
 * with the codec. It trusts the bytes, save for their checksums.
 */

export type Columns = Readonly<Record<string, number[]>>;

interface Stream {
  readonly predictor: number;
  readonly residuals: bigint[];
  readonly bases: bigint[];
  readonly end: number;
}

const MS_PER_UNIT = [1_000n, 60_000n, 3_600_000n, 86_400_000n, 604_800_000n];

/** The columns by the ids of the directory. */
const COLUMN_NAMES = [
  'timestamp',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'quoteVolume',
  'tradeCount',
  'takerBuyVolume',
  'vwap',
  'openInterest',
];

export function referenceDecode(segment: Uint8Array): Columns {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
  if (String.fromCharCode(...segment.subarray(0, 4)) !== 'BKSG') throw new Error('no segment');
  if (view.getUint8(4) !== 2) throw new Error('not version 2');
  const unit = view.getUint8(5);
  const columns = view.getUint8(6);
  const hasOrigin = view.getUint8(7) === 1;
  const units = BigInt(view.getUint32(8, true));
  const count = view.getUint32(12, true);
  const origin = hasOrigin ? view.getFloat64(32, true) : 0;
  const directoryAt = hasOrigin ? 40 : 32;
  const checksumAt = directoryAt + columns * 8;
  if (view.getUint32(checksumAt, true) !== referenceXxh32(segment.subarray(0, checksumAt)))
    throw new Error('header');

  const starts = new Map<string, number>();
  let at = checksumAt + 4;
  for (let column = 0; column < columns; column += 1) {
    const entry = view.getUint32(directoryAt + column * 8, true);
    const length = (entry & 0xff_ffff) * 4;
    const checksum = view.getUint32(directoryAt + column * 8 + 4, true);
    if (checksum !== referenceXxh32(segment.subarray(at, at + length))) throw new Error('column');
    starts.set(COLUMN_NAMES[entry >>> 24] ?? 'unknown', at);
    at += length;
  }
  if (at !== segment.length) throw new Error('length');
  const startOf = (name: string): number => starts.get(name) ?? 0;
  const [timestampAt, openAt, highAt] = [startOf('timestamp'), startOf('open'), startOf('high')];
  const [lowAt, closeAt] = [startOf('low'), startOf('close')];

  const periods = ownIntegers(readStream(view, timestampAt + 4, count));
  const timestamp = periods.map((period) => origin + startOfPeriod(period, unit, units));
  const alone = Object.fromEntries(
    COLUMN_NAMES.slice(5)
      .filter((name) => starts.has(name))
      .map((name) => [name, readAlone(view, startOf(name), count)]),
  );
  if (view.getUint8(closeAt) === 3) {
    const [open = [], high = [], low = [], close = []] = [openAt, highAt, lowAt, closeAt].map(
      (column) => readBits(view, column, count),
    );
    return { timestamp, open, high, low, close, ...alone };
  }
  const closeStream = readStream(view, closeAt + 16, count);
  const close = ownIntegers(closeStream);
  const openStream = readStream(view, openAt + 16, count);
  const open = openStream.residuals.map(
    (residual, i) => (close[i - 1] ?? closeStream.bases[0] ?? 0n) + zigzag(residual),
  );
  const highStream = readStream(view, highAt + 16, count);
  const high = highStream.residuals.map((residual, i) => max(open[i], close[i]) + residual);
  const lowStream = readStream(view, lowAt + 16, count);
  const low = lowStream.residuals.map(
    (residual, i) => -max(-(open[i] ?? 0n), -(close[i] ?? 0n)) - residual,
  );
  return {
    timestamp,
    open: toValues(view, openAt, openStream.end, open),
    high: toValues(view, highAt, highStream.end, high),
    low: toValues(view, lowAt, lowStream.end, low),
    close: toValues(view, closeAt, closeStream.end, close),
    ...alone,
  };
}

function startOfPeriod(period: bigint, unit: number, units: bigint): number {
  const ms = MS_PER_UNIT[unit];
  if (ms !== undefined) return Number((unit === 4 ? 345_600_000n : 0n) + period * units * ms);
  const months = Number(period * units * (unit === 6 ? 12n : 1n));
  const date = new Date(0);
  date.setUTCFullYear(1970, months, 1);
  return date.getTime();
}

function readAlone(view: DataView, at: number, count: number): number[] {
  if (view.getUint8(at) === 4) {
    const present = view.getUint32(at + 4, true);
    const values = readAlone(view, pad(at + 8 + Math.ceil(count / 8)), present);
    return Array.from({ length: count }, (_, i) => {
      const isThere = (view.getUint8(at + 8 + Math.floor(i / 8)) >> (i % 8)) % 2 === 1;
      return isThere ? (values.shift() ?? Number.NaN) : Number.NaN;
    });
  }
  if (view.getUint8(at) === 3) return readBits(view, at, count);
  const stream = readStream(view, at + 16, count);
  return toValues(view, at, stream.end, ownIntegers(stream));
}

function toValues(view: DataView, at: number, streamEnd: number, integers: bigint[]): number[] {
  const divisor = Number(`1e${view.getUint8(at + 1)}`);
  const exceptions = view.getUint32(at + 4, true);
  const unit = BigInt(view.getFloat64(at + 8, true));
  const values = integers.map((integer) => Number(integer * unit) / divisor);
  const doublesAt = pad(streamEnd + 2 * exceptions);
  for (let i = 0; i < exceptions; i += 1) {
    const position = view.getUint16(streamEnd + 2 * i, true);
    values[position] = view.getFloat64(doublesAt + 8 * i, true);
  }
  return values;
}

function readBits(view: DataView, at: number, count: number): number[] {
  const upper = ownIntegers(readStream(view, at + 8, count));
  const lower = ownIntegers(readStream(view, at + 8 + view.getUint32(at + 4, true), count));
  return upper.map((half, i) => {
    const double = new DataView(new ArrayBuffer(8));
    double.setBigUint64(0, (half << 32n) | (lower[i] ?? 0n));
    return double.getFloat64(0);
  });
}

/** The integers of a stream that is predicted from nothing but itself. */
function ownIntegers({ predictor, residuals, bases }: Stream): bigint[] {
  const integers: bigint[] = [];
  for (const [i, residual] of residuals.entries()) {
    const base = bases[Math.floor(i / 128)] ?? 0n;
    const previous = i % 128 === 0 ? base : (integers[i - 1] ?? 0n);
    if (predictor === 0) integers.push(base + residual);
    else if (predictor === 1) integers.push(previous + zigzag(residual));
    else if (predictor === 2) integers.push(previous + 1n + residual);
    else throw new Error('predictor');
  }
  return integers;
}

function readStream(view: DataView, start: number, count: number): Stream {
  const frames = Math.ceil(count / 128);
  const predictor = view.getUint8(start);
  const baseWidth = view.getUint8(start + 1);
  const hasPatches = view.getUint8(start + 2) === 1;
  const commonBase = BigInt(view.getFloat64(start + 4, true));
  let at = start + 12;
  const table = (): number[] => {
    const bytes = Array.from({ length: frames }, (_, frame) => view.getUint8(at + frame));
    at += frames;
    return bytes;
  };
  const widths = table();
  const patchWidths = hasPatches ? table() : [];
  const patchCounts = hasPatches ? table() : [];
  at = pad(at);
  const bases: bigint[] = [];
  for (let frame = 0; frame < frames; frame += 1) {
    const own = baseWidth === 0 ? 0 : readBase(view, at, baseWidth);
    bases.push(commonBase + BigInt(own) + (predictor === 2 ? 128n * BigInt(frame) : 0n));
    at += baseWidth;
  }
  at = pad(at);

  const residuals: bigint[] = [];
  for (const [frame, width] of widths.entries()) {
    const length = Math.min(count - frame * 128, 128);
    const rows = Math.ceil(length / 4);
    const low = readGroup(view, at, Math.min(width, 32), rows);
    at += groupBytes(Math.min(width, 32), rows);
    const high = readGroup(view, at, Math.max(width - 32, 0), rows);
    at += groupBytes(Math.max(width - 32, 0), rows);
    for (let i = 0; i < length; i += 1) residuals.push((low[i] ?? 0n) | ((high[i] ?? 0n) << 32n));
  }

  const positions = patchCounts.map((patches) => {
    const found: number[] = [];
    for (let i = 0; patches < 16 && i < patches; i += 1) found.push(view.getUint8(at + i));
    for (let i = 0; patches >= 16 && i < 128; i += 1) {
      if ((view.getUint8(at + Math.floor(i / 8)) >> (i % 8)) % 2 === 1) found.push(i);
    }
    at += Math.min(patches, 16);
    return found;
  });
  at = pad(at);
  let bit = 0;
  for (const [frame, places] of positions.entries()) {
    const width = patchWidths[frame] ?? 0;
    for (const place of places) {
      const patch = readBitString(width, (i) => bitOfWord(view, at, bit + i));
      const index = frame * 128 + place;
      residuals[index] = (residuals[index] ?? 0n) + (patch << BigInt(widths[frame] ?? 0));
      bit += width;
    }
  }
  return { predictor, residuals, bases, end: at + 4 * Math.ceil(bit / 32) };
}

function readBase(view: DataView, at: number, width: number): number {
  if (width === 1) return view.getUint8(at);
  if (width === 2) return view.getUint16(at, true);
  return width === 4 ? view.getUint32(at, true) : view.getFloat64(at, true);
}

function readGroup(view: DataView, at: number, width: number, rows: number): bigint[] {
  return Array.from({ length: rows * 4 }, (_, i) => {
    const lane = i % 4;
    const first = Math.floor(i / 4) * width;
    return readBitString(width, (offset) => {
      const bit = first + offset;
      const word = Math.floor(bit / 32) * 4 + lane;
      return bitOfWord(view, at, word * 32 + (bit % 32));
    });
  });
}

function groupBytes(width: number, rows: number): number {
  return 4 * 4 * Math.ceil((rows * width) / 32);
}

function readBitString(width: number, bitAt: (index: number) => bigint): bigint {
  let value = 0n;
  for (let i = 0; i < width; i += 1) value |= bitAt(i) << BigInt(i);
  return value;
}

function bitOfWord(view: DataView, at: number, bit: number): bigint {
  return BigInt((view.getUint32(at + Math.floor(bit / 32) * 4, true) >>> (bit % 32)) % 2);
}

function zigzag(residual: bigint): bigint {
  return residual % 2n === 0n ? residual / 2n : -(residual + 1n) / 2n;
}

function max(a = 0n, b = 0n): bigint {
  return a > b ? a : b;
}

function pad(at: number): number {
  return Math.ceil(at / 4) * 4;
}

/** XXH32 with seed 0, from its specification. */
export function referenceXxh32(bytes: Uint8Array): number {
  const [p1, p2, p3, p4, p5] = [2654435761n, 2246822519n, 3266489917n, 668265263n, 374761393n];
  const u32 = (value: bigint): bigint => value & 0xffffffffn;
  const rotate = (value: bigint, by: bigint): bigint => u32((value << by) | (value >> (32n - by)));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): bigint => BigInt(view.getUint32(at, true));
  let at = 0;
  let hash = p5;
  if (bytes.length >= 16) {
    const lanes = [u32(p1 + p2), p2, 0n, u32(-p1)];
    for (; at + 16 <= bytes.length; at += 16) {
      for (const [i, lane] of lanes.entries()) {
        lanes[i] = u32(rotate(u32(lane + word(at + 4 * i) * p2), 13n) * p1);
      }
    }
    const [a = 0n, b = 0n, c = 0n, d = 0n] = lanes;
    hash = u32(rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n));
  }
  hash = u32(hash + BigInt(bytes.length));
  for (; at + 4 <= bytes.length; at += 4) hash = u32(rotate(u32(hash + word(at) * p3), 17n) * p4);
  for (; at < bytes.length; at += 1) {
    hash = u32(rotate(u32(hash + BigInt(view.getUint8(at)) * p5), 11n) * p1);
  }
  hash = u32((hash ^ (hash >> 15n)) * p2);
  hash = u32((hash ^ (hash >> 13n)) * p3);
  return Number(hash ^ (hash >> 16n));
}
