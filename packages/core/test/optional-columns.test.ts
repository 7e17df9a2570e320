import {
  CANDLE_COLUMNS,
  type Candle,
  CandleSeries,
  COLUMN_NAMES,
  OPTIONAL_COLUMNS,
  optionalColumns,
  pickColumns,
  REQUIRED_COLUMNS,
} from '@barkeep/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const KEY = { symbol: 'KRW-BTC', timeframe: '1m' } as const;

/** Each optional value is there or not. */
const optionalValues = fc.record(
  Object.fromEntries(
    OPTIONAL_COLUMNS.map((name) => [
      name,
      CANDLE_COLUMNS[name].values === 'count'
        ? fc.nat()
        : fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    ]),
  ),
  { requiredKeys: [] },
);
const candles: fc.Arbitrary<Candle[]> = fc
  .uniqueArray(fc.tuple(fc.nat({ max: 60 }), optionalValues), { selector: ([minute]) => minute })
  .map((all) => all.map(([minute, optional]) => candleOf(minute, optional)).sort(byTime));

function candleOf(minute: number, optional: Partial<Candle> = {}): Candle {
  const price = 100 + minute;
  return {
    timestamp: minute * 60_000,
    open: price,
    high: price + 1,
    low: price - 1,
    close: price,
    volume: minute,
    ...optional,
  };
}

function byTime(a: Candle, b: Candle): number {
  return a.timestamp - b.timestamp;
}

describe('optional columns', () => {
  it('are told from the required ones by the table', () => {
    expect([...REQUIRED_COLUMNS, ...OPTIONAL_COLUMNS]).toEqual(COLUMN_NAMES);
    expect(REQUIRED_COLUMNS).toEqual(['timestamp', 'open', 'high', 'low', 'close', 'volume']);
  });

  it('are given back as they were given, and absent where they were', () => {
    fc.assert(
      fc.property(candles, (all) => {
        const series = CandleSeries.from(KEY, all);
        expect(series.toArray()).toEqual(all);
        expect(optionalColumns(series)).toEqual(
          OPTIONAL_COLUMNS.filter((name) => all.some((candle) => candle[name] !== undefined)),
        );
        expect(CandleSeries.from(KEY, series).equals(series)).toBe(true);
        expect(series.copy().toArray()).toEqual(all);
        expect(all.map((_, i) => series.at(i))).toEqual(all);
      }),
    );
  });

  it('go with their candles through sorting, slices, joins and merges', () => {
    fc.assert(
      fc.property(candles, candles, fc.nat({ max: 60 }), (base, over, minute) => {
        const [a, b] = [CandleSeries.from(KEY, base.toReversed()), CandleSeries.from(KEY, over)];
        const times = new Set(over.map(({ timestamp }) => timestamp));
        const kept = base.filter(({ timestamp }) => !times.has(timestamp));
        const merged = CandleSeries.merge(a, b);
        expect(merged.toArray()).toEqual([...kept, ...over].sort(byTime));
        const [before, after] = [
          merged.between(-1, minute * 60_000),
          merged.between(minute * 60_000, 1e9),
        ];
        const joined = CandleSeries.concat(KEY, [before.copy(), after.copy()]);
        expect(joined.toArray()).toEqual(merged.toArray());
        expect(joined.equals(merged)).toBe(true);
      }),
    );
  });

  it('make series unequal by a value, and equal where all are absent', () => {
    const one = CandleSeries.from(KEY, [candleOf(1, { quoteVolume: 0 })]);
    const none = CandleSeries.from(KEY, [candleOf(1)]);
    expect(one.equals(none)).toBe(false);
    const absent = pickColumns(none, COLUMN_NAMES);
    expect(CandleSeries.fromTrustedColumns(KEY, absent).equals(none)).toBe(true);
    expect('quoteVolume' in none).toBe(false);
    expect(none.columns).toEqual(REQUIRED_COLUMNS);
  });

  it.each([
    ['quoteVolume', -1, 'must not be negative'],
    ['quoteVolume', -0, 'must not be -0'],
    ['tradeCount', 1.5, 'must be a whole number'],
    ['takerBuyVolume', Number.POSITIVE_INFINITY, 'must be a finite number'],
    ['vwap', Number.NaN, 'must be a number'],
    ['openInterest', null, 'must be a number'],
    ['openInterest', '7', 'must be a number'],
  ])('refuse %s of %s in a candle', (field, value, rule) => {
    const bad = { ...candleOf(2), [field]: value };
    expect(() => CandleSeries.from(KEY, [candleOf(1), bad])).toThrow(
      expect.objectContaining({
        code: 'INVALID_INPUT',
        details: expect.objectContaining({ field, rule, index: 1 }),
      }),
    );
  });

  it('take any price as a mean', () => {
    const [candle] = CandleSeries.from(KEY, [candleOf(1, { vwap: -37.63 })]);
    expect(candle?.vwap).toBe(-37.63);
  });
});
