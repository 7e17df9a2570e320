import { allocateColumns, type CandleColumns, CandleSeries, type Timeframe } from '@barkeep/core';
import { describe, expect, it } from 'vitest';
import { decodeSegment, encodeSegment, type KernelName, MAX_SEGMENT_LENGTH } from '../src/index.ts';

/** Columns that no `CandleSeries.from` would let through. */
function unchecked(changes: Partial<CandleColumns>, timeframe: Timeframe = '1m'): CandleSeries {
  const columns = {
    timestamp: Float64Array.of(60_000, 120_000, 180_000),
    open: Float64Array.of(1, 2, 3),
    high: Float64Array.of(2, 3, 4),
    low: Float64Array.of(0.5, 1.5, 2.5),
    close: Float64Array.of(1.5, 2.5, 3.5),
    volume: Float64Array.of(0, 1, 2),
    ...changes,
  };
  return CandleSeries.fromTrustedColumns({ symbol: 'X', timeframe }, columns);
}

describe.each<KernelName>(['js', 'wasm'])('the encoder (%s)', (kernel) => {
  it.each<[string, Partial<CandleColumns>, string, number]>([
    ['NaN', { open: Float64Array.of(1, Number.NaN, 3) }, 'open', 1],
    ['infinity', { volume: Float64Array.of(0, 1, Number.POSITIVE_INFINITY) }, 'volume', 2],
    ['minus infinity', { low: Float64Array.of(Number.NEGATIVE_INFINITY, 1, 2) }, 'low', 0],
    ['minus zero', { close: Float64Array.of(1.5, 2.5, -0) }, 'close', 2],
    ['a high below the close', { high: Float64Array.of(2, 2.25, 4) }, 'high', 1],
    ['a low above the open', { low: Float64Array.of(0.5, 1.5, 3.25) }, 'low', 2],
    ['an unaligned time', { timestamp: Float64Array.of(60_000, 120_001, 180_000) }, 'timestamp', 1],
    ['a repeated time', { timestamp: Float64Array.of(60_000, 60_000, 180_000) }, 'timestamp', 1],
    ['a falling time', { timestamp: Float64Array.of(60_000, 180_000, 120_000) }, 'timestamp', 2],
    ['no time', { timestamp: Float64Array.of(Number.NaN, 120_000, 180_000) }, 'timestamp', 0],
  ])('rejects %s, naming field and index', (_, changes, field, index) => {
    expect(() => encodeSegment(unchecked(changes), { kernel })).toThrow(
      expect.objectContaining({
        code: 'INVALID_INPUT',
        details: expect.objectContaining({ field, index }),
      }),
    );
  });

  it('rejects an unaligned month', () => {
    const columns = { timestamp: Float64Array.of(0, 86_400_000 * 31, 86_400_000 * 60) };
    expect(() => encodeSegment(unchecked(columns, '1M'), { kernel })).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({ field: 'timestamp', index: 2 }),
      }),
    );
  });

  it('rejects no candles and too many', () => {
    for (const length of [0, MAX_SEGMENT_LENGTH + 1]) {
      const series = CandleSeries.fromTrustedColumns(
        { symbol: 'X', timeframe: '1m' },
        allocateColumns(length),
      );
      expect(() => encodeSegment(series, { kernel })).toThrow(
        expect.objectContaining({ code: 'INVALID_INPUT' }),
      );
    }
  });
});

describe('the decoder', () => {
  const segment = encodeSegment(unchecked({}));

  it.each([
    { start: -1 },
    { start: 0.5 },
    { start: 4 },
    { start: 2, end: 1 },
    { end: 4 },
    { end: Number.NaN },
  ])('rejects the range %o', (range) => {
    expect(() => decodeSegment(segment, {}, range)).toThrow(RangeError);
  });

  it.each([{ targetOffset: -1 }, { targetOffset: 1 }, { targetOffset: 0.5, start: 2 }])(
    'rejects a target without room at %o',
    (options) => {
      expect(() => decodeSegment(segment, allocateColumns(3), options)).toThrow(RangeError);
    },
  );

  it('decodes nothing where nothing is asked for', () => {
    expect(decodeSegment(segment, allocateColumns(0), { start: 3 })).toBe(0);
    expect(decodeSegment(segment, {})).toBe(3);
  });
});
