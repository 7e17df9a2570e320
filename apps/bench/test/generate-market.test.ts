import { CandleSeries, candleGaps } from '@barkeep/core';
import { describe, expect, it } from 'vitest';
import { generateMarket } from '../src/data/generate-market.ts';
import { MARKET_STYLES } from '../src/data/market-style.ts';

const COUNT = 50_000;

describe.each(Object.values(MARKET_STYLES))('an invented market in $name', (style) => {
  const series = generateMarket(style, COUNT);

  it('has valid candles', () => {
    expect(series.length).toBe(COUNT);
    expect(CandleSeries.from(series.key, series).equals(series)).toBe(true);
  });

  it('is the same every time, whatever the count', () => {
    expect(generateMarket(style, 1_000).equals(series.slice(0, 1_000))).toBe(true);
  });

  it('keeps to its ticks, in decimals that a parser reads back', () => {
    const strays = [series.open, series.high, series.low, series.close].map((column) =>
      column.filter((price) => {
        const units = Math.round(price * 10 ** style.decimals);
        return (
          Number(price.toFixed(style.decimals)) !== price || units % style.tickUnits(price) !== 0
        );
      }),
    );
    expect(strays.map(({ length }) => length)).toEqual([0, 0, 0, 0]);
  });

  it('has volumes with up to eight decimals', () => {
    expect(series.volume.filter((volume) => Number(volume.toFixed(8)) !== volume)).toHaveLength(0);
    expect(new Set(series.volume).size).toBeGreaterThan(COUNT / 2);
  });

  it('has minutes without trades, and a price that moves', () => {
    expect(candleGaps(series).length).toBeGreaterThan(COUNT / 200);
    expect(new Set(series.close).size).toBeGreaterThan(100);
    expect(Math.max(...series.close)).toBeLessThan(20 * style.startPrice);
    expect(Math.min(...series.close)).toBeGreaterThan(style.startPrice / 20);
  });
});
