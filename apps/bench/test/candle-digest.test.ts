import { describe, expect, it } from 'vitest';
import { digestCandles, digestColumn } from '../src/candles/candle-digest.ts';
import { generateMarket } from '../src/data/generate-market.ts';
import { MARKET_STYLES } from '../src/data/market-style.ts';

const series = generateMarket(MARKET_STYLES.krw, 300);

describe('digestCandles', () => {
  it('is the same for columns and objects, wherever they are cut', () => {
    const whole = digestCandles(series);
    expect(whole).toMatch(/^300 candles, checksum [\da-f]{8}$/);
    expect(digestCandles(series.toArray())).toBe(whole);
    expect(digestCandles(series.slice(0, 17), series.slice(17).toArray())).toBe(whole);
  });

  it('tells apart order, count and single bits of every column', () => {
    const spoiled = ['timestamp', 'open', 'high', 'low', 'close', 'volume'].map((column) =>
      series.toArray().map((candle, i) => {
        if (i !== 150) return candle;
        return { ...candle, [column]: Reflect.get(candle, column) * (1 + Number.EPSILON) };
      }),
    );
    const others = [series.toArray().toReversed(), series.slice(1), series.slice(0, -1)];
    const digests = [series, ...spoiled, ...others].map((rows) => digestCandles(rows));
    expect(new Set(digests).size).toBe(digests.length);
  });
});

it('digestColumn tells apart values, order and count', () => {
  const digests = [
    [1, 2, 3],
    [1, 2],
    [2, 1, 3],
    [1, 2, 3 + 4e-16],
  ].map(digestColumn);
  expect(new Set(digests).size).toBe(4);
  expect(digestColumn(Float64Array.of(1, 2, 3))).toBe(digests[0]);
});
