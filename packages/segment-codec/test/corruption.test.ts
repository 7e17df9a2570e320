import {
  allocateColumns,
  BarkeepError,
  type CandleColumns,
  type CandleSeries,
  OPTIONAL_COLUMNS,
  sliceColumns,
} from '@barkeep/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budget, isLong } from '../../../tools/test-budget.ts';
import {
  decodeSegment,
  encodeSegment,
  findInSegment,
  type KernelName,
  MAX_SEGMENT_LENGTH,
  readSegmentHeader,
} from '../src/index.ts';
import { type SeriesForm, seriesForms, seriesOf } from './arbitrary-series.ts';
import { referenceXxh32 } from './reference-decoder.ts';
import { expectSameColumns } from './same-bits.ts';

const KERNELS: readonly KernelName[] = ['js', 'wasm'];
/** Of six columns without an origin. */
const HEADER_BYTES = 84;

const usual: SeriesForm = {
  seed: 3,
  count: 300,
  timeframe: '1m',
  gaps: 'rare',
  prices: 'few 11 decimals',
  volumes: '8 decimals',
};
const forms: readonly SeriesForm[] = [
  usual,
  { ...usual, count: 1 },
  { ...usual, prices: 'any double', volumes: '17 digits', count: 140 },
  { ...usual, timeframe: '1M', prices: 'won ticks', volumes: 'rare', count: 150 },
  { ...usual, timeframe: '1h@30m', optional: OPTIONAL_COLUMNS, presence: 'few', count: 150 },
];
const targets = allocateColumns(MAX_SEGMENT_LENGTH, OPTIONAL_COLUMNS);

/** Decodes what may be damaged, and expects the right candles or a typed error, and nothing else. */
function expectRightOrCorrupt(bytes: Uint8Array, series: CandleSeries, kernel: KernelName): void {
  try {
    const count = decodeSegment(bytes, targets, { kernel });
    expectSameColumns(firstOf(targets, count), series, series.columns);
  } catch (error) {
    expectCorrupt(error, bytes);
  }
}

function expectCorrupt(error: unknown, bytes: Uint8Array): void {
  if (!BarkeepError.is(error, 'CORRUPT')) throw error;
  const { what, offset } = error.details;
  expect(what).toBeTypeOf('string');
  expect(offset).toBeGreaterThanOrEqual(0);
  expect(offset).toBeLessThanOrEqual(bytes.length);
}

function firstOf(columns: CandleColumns, count: number): CandleColumns {
  return sliceColumns(columns, 0, count);
}

describe.each(forms)('a damaged segment of $count × $prices', (form) => {
  const series = seriesOf(form);
  const segment = encodeSegment(series);

  it.each(KERNELS)('is told at every truncation and extension (%s)', (kernel) => {
    for (let length = 0; length < segment.length; length += 1) {
      const cut = segment.subarray(0, length);
      expect(() => decodeSegment(cut, targets, { kernel })).toThrow(BarkeepError);
      expect(() => findInSegment(cut, series.lastTimestamp, { kernel })).toThrow(BarkeepError);
      expectRightOrCorrupt(cut, series, kernel);
    }
    for (const more of [1, 4, 1_000]) {
      const longer = new Uint8Array(segment.length + more);
      longer.set(segment);
      expect(() => decodeSegment(longer, targets, { kernel })).toThrow(BarkeepError);
    }
  });

  it.each(KERNELS)('is told, or does no harm, at a flip of a bit, all over (%s)', (kernel) => {
    const flipped = segment.slice();
    for (let bit = 0; bit < segment.length * 8; bit += isLong ? 1 : 3) {
      const byte = bit >>> 3;
      flipped[byte] = (segment[byte] ?? 0) ^ (1 << (bit & 7));
      expect(() => decodeSegment(flipped, targets, { kernel })).toThrow(/^damaged segment: /);
      flipped[byte] = segment[byte] ?? 0;
    }
    expectRightOrCorrupt(flipped, series, kernel);
  });
});

describe('foreign bytes', () => {
  it('are rejected, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(() => readSegmentHeader(bytes)).toThrow(/^damaged segment: /);
        bytes.set([0x42, 0x4b, 0x53, 0x47, 2].slice(0, bytes.length));
        expect(() => decodeSegment(bytes, targets)).toThrow(/^damaged segment: /);
      }),
      { numRuns: 300 },
    );
  });

  it('are rejected where parts of two segments are joined', () => {
    const a = encodeSegment(seriesOf(usual));
    const b = encodeSegment(seriesOf({ ...usual, seed: 4 }));
    const length = Math.min(a.length, b.length);
    for (let cut = HEADER_BYTES; cut < length; cut += 7) {
      const joined = new Uint8Array(b.length);
      joined.set(b);
      joined.set(a.subarray(0, cut));
      if (joined.every((byte, i) => byte === a[i]) || joined.every((byte, i) => byte === b[i]))
        continue;
      expect(() => decodeSegment(joined, targets)).toThrow(/^damaged segment: /);
    }
  });

  it('are rejected by the columns that are read, and only by those', () => {
    const series = seriesOf(usual);
    const segment = encodeSegment(series);
    const last = segment.length - 1;
    segment[last] = (segment[last] ?? 0) ^ 1;
    expect(() => decodeSegment(segment, { volume: targets.volume })).toThrow(/volume/);
    const { timestamp, open, high, low, close } = allocateColumns(series.length);
    decodeSegment(segment, { timestamp, open, high, low, close });
    expectSameColumns({ timestamp, open, high, low, close }, series, [
      'timestamp',
      'open',
      'high',
      'low',
      'close',
    ]);
  });
});

/** Puts the right checksums over bytes that were changed on purpose. */
function withChecksums(segment: Uint8Array): Uint8Array {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
  let at = HEADER_BYTES;
  for (let entry = 32; entry < 80; entry += 8) {
    const length = (view.getUint32(entry, true) & 0xff_ffff) * 4;
    view.setUint32(entry + 4, referenceXxh32(segment.subarray(at, at + length)), true);
    at += length;
  }
  view.setUint32(80, referenceXxh32(segment.subarray(0, 80)), true);
  return segment;
}

describe('a segment forged with right checksums', () => {
  it.each([
    ['version 1', 4, 1],
    ['version 3', 4, 3],
    ['an unknown flag', 7, 2],
    ['no such unit', 5, 7],
    ['no units per period', 8, 0],
    ['no candles', 12, 0],
    ['one candle too many', 12, MAX_SEGMENT_LENGTH + 1],
    ['four billion candles', 12, 0xffff_ffff],
    ['a column of 64 megabytes', 32, 0x00ff_ffff],
    ['no timestamps', 32, 0x0600_0010],
    ['a column that is there twice', 40, 0x0000_0010],
  ])('is rejected for %s', (_, at, value) => {
    const segment = encodeSegment(seriesOf(usual));
    const view = new DataView(segment.buffer);
    if (at < 8) view.setUint8(at, value);
    else view.setUint32(at, value, true);
    view.setUint32(80, referenceXxh32(segment.subarray(0, 80)), true);
    expect(() => readSegmentHeader(segment)).toThrow(/^damaged segment: /);
  });

  it('is refused, and not called damaged, for a column of a later version', () => {
    const segment = encodeSegment(seriesOf(usual));
    segment[35] = 200;
    expect(() => readSegmentHeader(withChecksums(segment))).toThrow(
      expect.objectContaining({ code: 'SCHEMA_TOO_NEW', details: { column: 200 } }),
    );
  });

  it.each(KERNELS)(
    'is rejected when its times run backwards or leave its bounds (%s)',
    (kernel) => {
      const series = seriesOf({ ...usual, gaps: 'none' });
      const sound = encodeSegment(series);
      const { first, last } = readSegmentHeader(sound);
      for (const [at, time] of [
        [16, first + 60_000],
        [16, first - 60_000],
        [24, last + 60_000],
        [24, last - 60_000],
        [24, first],
      ] as const) {
        const segment = sound.slice();
        new DataView(segment.buffer).setFloat64(at, time, true);
        withChecksums(segment);
        expect(() => decodeSegment(segment, targets, { kernel })).toThrow(/out of order/);
        const find = () => findInSegment(segment, first + 90_000, { kernel });
        if (time !== first) expect(find).toThrow(/out of order/);
        const { close } = targets;
        expect(decodeSegment(segment, { close }, { kernel })).toBe(series.length);
      }
    },
  );

  it.each(KERNELS)('gives an error or candles, but never harm (%s)', (kernel) => {
    const bytesToChange = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(seriesForms(300), bytesToChange, (form, changes) => {
        const segment = encodeSegment(seriesOf(form));
        for (const [at, value] of changes) {
          segment[HEADER_BYTES + (at % (segment.length - HEADER_BYTES))] = value;
        }
        withChecksums(segment);
        try {
          const count = decodeSegment(segment, targets, { kernel });
          expect(count).toBeLessThanOrEqual(form.count);
          expectAscending(targets.timestamp.subarray(0, count), readSegmentHeader(segment));
        } catch (error) {
          expectCorrupt(error, segment);
        }
        const intact = seriesOf({ ...usual, seed: form.seed });
        decodeSegment(encodeSegment(intact), targets, { kernel });
        expectSameColumns(firstOf(targets, intact.length), intact);
      }),
      { numRuns: budget(500) },
    );
  });
});

function expectAscending(
  timestamps: Float64Array,
  { first, last }: { readonly first: number; readonly last: number },
): void {
  expect([timestamps[0], timestamps.at(-1)]).toEqual([first, last]);
  expect(timestamps.every((at, i) => i === 0 || at > (timestamps[i - 1] ?? at))).toBe(true);
}
