import {
  allocateColumns,
  type Candle,
  type CandleColumns,
  CandleSeries,
  COLUMN_NAMES,
  OPTIONAL_COLUMNS,
  REQUIRED_COLUMNS,
} from '@barkeep/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeSegment,
  encodeSegment,
  findInSegment,
  type KernelName,
  MAX_SEGMENT_LENGTH,
  readSegmentHeader,
} from '../src/index.ts';
import { seriesForms, seriesOf } from './arbitrary-series.ts';
import { referenceDecode } from './reference-decoder.ts';
import { expectSameBits, expectSameColumns } from './same-bits.ts';

const KERNELS: readonly KernelName[] = ['js', 'wasm'];

function decodeAll(segment: Uint8Array, kernel: KernelName): CandleColumns {
  const { count, optional } = readSegmentHeader(segment);
  const columns = allocateColumns(count, optional);
  expect(decodeSegment(segment, columns, { kernel })).toBe(columns.close.length);
  return columns;
}

describe('any valid series', () => {
  it('round-trips bit for bit, to equal bytes in both kernels', () => {
    fc.assert(
      fc.property(seriesForms(1_500), (form) => {
        const series = seriesOf(form);
        const segment = encodeSegment(series, { kernel: 'js' });
        expect(encodeSegment(series, { kernel: 'wasm' })).toEqual(segment);
        for (const kernel of KERNELS) expectSameColumns(decodeAll(segment, kernel), series);
      }),
      { numRuns: 500 },
    );
  });

  it('round-trips in long runs', () => {
    fc.assert(
      fc.property(seriesForms(10_000), (form) => {
        const series = seriesOf({ ...form, count: 10_000 });
        expectSameColumns(decodeAll(encodeSegment(series), 'wasm'), series);
      }),
      { numRuns: 30 },
    );
  });

  it('decodes any range and any columns as slices of the whole', () => {
    const ranges = fc.tuple(fc.nat(2_000), fc.nat(2_000));
    const subsets = fc.subarray([...COLUMN_NAMES], { minLength: 1 });
    const kernels = fc.constantFrom(...KERNELS);
    fc.assert(
      fc.property(seriesForms(2_000), ranges, subsets, kernels, (form, range, names, kernel) => {
        const series = seriesOf(form);
        const [start = 0, end = 0] = range
          .map((index) => index % (series.length + 1))
          .sort((a, b) => a - b);
        const target = pick(zeros(end - start + 3), names);
        const count = decodeSegment(encodeSegment(series), target, {
          start,
          end,
          targetOffset: 2,
          kernel,
        });
        expect(count).toBe(end - start);
        for (const name of names) {
          const column = target[name] ?? new Float64Array();
          const all = series[name] ?? new Float64Array(series.length).fill(Number.NaN);
          expectSameBits(column.subarray(2, -1), all.subarray(start, end), name);
          expect([column[0], column[1], column.at(-1)]).toEqual([0, 0, 0]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('reads the same in a decoder written from the format document alone', () => {
    fc.assert(
      fc.property(seriesForms(400), (form) => {
        const series = seriesOf(form);
        const decoded = referenceDecode(encodeSegment(series));
        const { optional } = readSegmentHeader(encodeSegment(series));
        expect(Object.keys(decoded).sort()).toEqual([...REQUIRED_COLUMNS, ...optional].sort());
        for (const name of [...REQUIRED_COLUMNS, ...optional]) {
          const expected = series[name] ?? new Float64Array();
          expectSameBits(Float64Array.from(decoded[name] ?? []), expected, name);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('tells its header and finds any instant', () => {
    fc.assert(
      fc.property(
        seriesForms(1_000),
        fc.double({ min: -0.1, max: 1.1, noNaN: true }),
        (form, part) => {
          const series = seriesOf(form);
          const segment = encodeSegment(series);
          expect(readSegmentHeader(segment)).toEqual({
            version: 2,
            timeframe: form.timeframe,
            count: series.length,
            first: series.firstTimestamp,
            last: series.lastTimestamp,
            optional: OPTIONAL_COLUMNS.filter((name) =>
              series[name]?.some((value) => !Number.isNaN(value)),
            ),
            byteLength: segment.length,
            checksum: expect.any(Number),
          });
          const { firstTimestamp, lastTimestamp } = series;
          const between = firstTimestamp + Math.round(part * (lastTimestamp - firstTimestamp));
          for (const instant of [between, firstTimestamp, lastTimestamp, lastTimestamp + 1]) {
            expect(findInSegment(segment, instant)).toBe(series.indexAtOrAfter(instant));
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('the edges', () => {
  const form = {
    seed: 1,
    count: MAX_SEGMENT_LENGTH,
    timeframe: '1m',
    gaps: 'sparse',
    prices: 'any double',
    volumes: '17 digits',
  } as const;

  it.each(['any double', 'many 11 decimals', 'few huge', 'large integers'])(
    'holds the longest segment of %s',
    (prices) => {
      const series = seriesOf({ ...form, prices });
      const segment = encodeSegment(series, { kernel: 'wasm' });
      expect(segment.length).toBeLessThan(MAX_SEGMENT_LENGTH * 54);
      for (const kernel of KERNELS) expectSameColumns(decodeAll(segment, kernel), series);
    },
  );

  it('reads columns that are views into other memory, and segments at any offset', () => {
    const series = seriesOf({ ...form, count: 700 });
    const slice = series.slice(13, 600);
    const segment = encodeSegment(slice);
    const shifted = new Uint8Array(segment.length + 3);
    shifted.set(segment, 3);
    for (const kernel of KERNELS) expectSameColumns(decodeAll(shifted.subarray(3), kernel), slice);
  });

  it('keeps every sign, exponent and digit of hand-picked values', () => {
    const values = [
      0,
      5e-324,
      2.2250738585072014e-308,
      1e-22,
      1e-23,
      0.1,
      0.30000000000000004,
      1.005,
      1e22,
      1e23,
      2 ** 51 - 1,
      2 ** 51,
      2 ** 53 - 1,
      2 ** 53,
      1.7976931348623157e308,
      123456789.12345678,
    ];
    const all = [...values.map((value) => -value + 0), ...values].sort((a, b) => a - b);
    const series = CandleSeries.from(
      { symbol: 'X', timeframe: '1d' },
      all.map((value, i) => ({
        timestamp: (i + 1_000) * 86_400_000,
        open: value,
        high: value,
        low: value,
        close: value,
        volume: Math.abs(value),
      })),
    );
    for (const kernel of KERNELS) {
      const segment = encodeSegment(series, { kernel });
      expectSameColumns(decodeAll(segment, kernel), series);
      for (const candle of series) {
        const one = CandleSeries.from(series.key, [candle]);
        expectSameColumns(decodeAll(encodeSegment(one, { kernel }), kernel), one);
      }
    }
  });
});

describe('size', () => {
  it('keeps a few values with more decimals from spoiling the others', () => {
    const usual = {
      seed: 5,
      count: 4_096,
      timeframe: '1m',
      gaps: 'none',
      volumes: 'none',
    } as const;
    const few = encodeSegment(seriesOf({ ...usual, prices: 'few 11 decimals' })).length;
    const none = encodeSegment(seriesOf({ ...usual, prices: 'spikes' })).length;
    expect(few).toBeLessThan(none * 1.3);
  });

  it('takes next to nothing for candles that never change', () => {
    const series = seriesOf({
      seed: 5,
      count: 4_096,
      timeframe: '1m',
      gaps: 'none',
      prices: 'constant',
      volumes: 'none',
    });
    expect(encodeSegment(series).length).toBeLessThan(700);
  });

  it('divides by the tick that all prices share', () => {
    const form = { seed: 5, count: 4_096, timeframe: '1m', gaps: 'none', volumes: 'none' } as const;
    const ticks = seriesOf({ ...form, prices: 'won ticks' });
    const size = encodeSegment(ticks).length;
    expect(size).toBeLessThan(4_096 * 3.5);
  });
});

function zeros(length: number): CandleColumns {
  const columns = allocateColumns(length, OPTIONAL_COLUMNS);
  for (const name of OPTIONAL_COLUMNS) columns[name]?.fill(0);
  return columns;
}

function pick(columns: CandleColumns, names: readonly (keyof Candle)[]): Partial<CandleColumns> {
  return Object.fromEntries(names.map((name) => [name, columns[name]]));
}
