import { CandleSeries } from '@barkeep/core';
import { describe, expect, it } from 'vitest';
import { estimateBytes } from '../src/index.ts';

describe('estimateBytes', () => {
  it('grows with the text of a string', () => {
    expect(estimateBytes('x'.repeat(1_000)) - estimateBytes('')).toBe(2_000);
  });

  it('grows with the digits of a bigint', () => {
    expect(estimateBytes(2n ** 640n) - estimateBytes(1n)).toBe(80);
  });

  it('counts the bytes of typed arrays', () => {
    expect(estimateBytes(new Uint8Array(5_000)) - estimateBytes(new Uint8Array(0))).toBe(5_000);
    expect(estimateBytes(new Float64Array(5_000)) - estimateBytes(new Float64Array(0))).toBe(
      40_000,
    );
  });

  it('counts the whole buffer below a slice, once', () => {
    const whole = new Float64Array(10_000);
    expect(estimateBytes(whole.subarray(0, 1))).toBe(estimateBytes(whole));
    const both = estimateBytes([whole.subarray(0, 1), whole.subarray(1, 2)]);
    expect(both).toBeLessThan(1.1 * estimateBytes(whole));
  });

  it('counts all of the series that a slice of candles keeps alive', () => {
    const candles = Array.from({ length: 1_000 }, (_, i) => ({
      timestamp: i * 60_000,
      open: 1,
      high: 1,
      low: 1,
      close: 1,
      volume: 1,
    }));
    const series = CandleSeries.from({ symbol: 'KRW-BTC', timeframe: '1m' }, candles);
    expect(estimateBytes(series)).toBeGreaterThan(48_000);
    expect(estimateBytes(series.slice(0, 2))).toBe(estimateBytes(series));
    expect(estimateBytes(series.slice(0, 2).copy())).toBeLessThan(2_000);
  });

  it('counts the parts of arrays and objects, a shared part once', () => {
    const part = 'x'.repeat(10_000);
    const shared = { part };
    expect(estimateBytes({ a: part })).toBeGreaterThan(20_000);
    expect(estimateBytes([{ part }, { part }])).toBeGreaterThan(40_000);
    expect(estimateBytes([shared, shared])).toBeLessThan(21_000);
  });

  it.each([null, true, 0, '', 0n, [], {}])('is finite and not negative for %s', (value) => {
    expect(estimateBytes(value)).toBeGreaterThanOrEqual(0);
    expect(estimateBytes(value)).toBeLessThan(100);
  });
});
