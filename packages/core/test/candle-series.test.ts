import {
  type Candle,
  type CandleRow,
  CandleSeries,
  candleGaps,
  MAX_EPOCH_MS,
  MIN_EPOCH_MS,
  REQUIRED_COLUMNS,
  type SeriesKey,
  type Timeframe,
  timeframeGrid,
} from '@barkeep/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOf } from './thrown.ts';

const start = Date.UTC(2024, 1, 28);
const key: SeriesKey = { symbol: 'KRW-BTC', timeframe: '1m' };

/** The candle of the `i`th period from the start; `mark` tells versions of it apart. */
function candle(i: number, mark = 0, timeframe: Timeframe = '1m'): Candle {
  const grid = timeframeGrid(timeframe);
  const low = 100 + (i % 7);
  return {
    timestamp: grid.shift(start, i),
    open: low + 1,
    high: low + 4,
    low,
    close: low + 2.5,
    volume: mark,
  };
}

function rowOf({ timestamp, open, high, low, close, volume }: Candle): CandleRow {
  return [timestamp, open, high, low, close, volume];
}

/** The model of sorting: a Map keeps the last candle of each timestamp. */
function sortedUnique(candles: readonly Candle[]): Candle[] {
  return [...new Map(candles.map((it) => [it.timestamp, it])).values()].sort(
    (a, b) => a.timestamp - b.timestamp,
  );
}

const candles = fc
  .array(fc.tuple(fc.nat(60), fc.nat(1_000)), { maxLength: 80 })
  .map((list) => list.map(([i, mark]) => candle(i, mark)));
const series = candles.map((list) => CandleSeries.from(key, list));

describe('CandleSeries.from', () => {
  it('sorts, and keeps the later of two candles with one timestamp', () => {
    fc.assert(
      fc.property(candles, (list) => {
        expect(CandleSeries.from(key, list).toArray()).toEqual(sortedUnique(list));
      }),
    );
  });

  it.each(['1s', '7m', '1w', '1M', '1y'] as const)('sorts %s over millennia', (timeframe) => {
    const far = fc.integer({ min: Date.UTC(1971, 0), max: Date.UTC(9999, 0) });
    fc.assert(
      fc.property(fc.array(far, { maxLength: 60 }), (instants) => {
        const grid = timeframeGrid(timeframe);
        const list = instants.map((at, i) => ({ ...candle(0, i), timestamp: grid.ceil(at) }));
        expect(CandleSeries.from({ symbol: 'x', timeframe }, list).toArray()).toEqual(
          sortedUnique(list),
        );
      }),
    );
  });

  it.each([1, 2, 2_047, 2_048, 2_049, 8_192, 8_193, 100_000])(
    'takes %d candles in any order',
    (count) => {
      const ascending = Array.from({ length: count }, (_, i) => candle(i, i));
      const expected = CandleSeries.from(key, ascending);
      expect(expected.toArray()).toEqual(ascending);
      const orders = {
        descending: ascending.toReversed(),
        'pages of 200, the latest first': pagesBackwards(ascending, 200),
        'overlapping pages': [...ascending.slice(count >> 1), ...ascending],
        scattered: scatter(ascending),
      };
      for (const [order, list] of Object.entries(orders)) {
        expect(CandleSeries.from(key, list).equals(expected), order).toBe(true);
      }
    },
  );

  it('keeps the last of many versions of one candle, also across chunks', () => {
    const versions = Array.from({ length: 20_000 }, (_, i) => candle(i % 3, i));
    expect(CandleSeries.from(key, versions).toArray()).toEqual(versions.slice(-3).sort(byTime));
  });

  it('leaves its input alone and keeps no part of it', () => {
    const list = [candle(2), candle(0), candle(1)].map((it) => Object.freeze(it));
    const input = Object.freeze([...list]);
    const made = CandleSeries.from(key, input);
    expect(input).toEqual(list);
    const copied = CandleSeries.from(key, made);
    for (const column of REQUIRED_COLUMNS) {
      expect(copied[column].buffer).not.toBe(made[column].buffer);
      expect(made[column].byteLength).toBe(24);
    }
    expect(copied.equals(made)).toBe(true);
  });

  it('takes columns, and does not follow later changes of columns or key', () => {
    const { timestamp, open, high, low, close, volume } = CandleSeries.from(key, [candle(0)]);
    const mutableKey = { ...key };
    const made = CandleSeries.from(mutableKey, { timestamp, open, high, low, close, volume });
    mutableKey.symbol = 'KRW-ETH';
    open[0] = 1;
    expect(made.symbol).toBe('KRW-BTC');
    expect(made.toArray()).toEqual([candle(0)]);
  });

  it('takes rows as it takes objects, also among them', () => {
    fc.assert(
      fc.property(candles, fc.nat(3), (list, nth) => {
        const input = list.map((one, i) => (i % 4 === nth ? one : rowOf(one)));
        expect(CandleSeries.from(key, input).toArray()).toEqual(sortedUnique(list));
      }),
    );
  });

  it('keeps every bit of a double', () => {
    const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0);
    fc.assert(
      fc.property(fc.array(double, { minLength: 5, maxLength: 5 }), (numbers) => {
        const values = numbers.map((n) => (Object.is(n, -0) ? 0 : n));
        const [low = 0, open = 0, close = 0, high = 0] = values.slice(0, 4).sort((a, b) => a - b);
        const one = { ...candle(0), low, open, close, high, volume: Math.abs(values[4] ?? 0) };
        expect(CandleSeries.from(key, [one]).at(0)).toStrictEqual(one);
      }),
    );
  });
});

it('takes candles counted from the epoch, though some of their times are as large as epoch seconds', () => {
  const candles = Array.from({ length: 100_000 }, (_, i) => ({
    ...candle(0),
    timestamp: i * 60_000,
  }));
  expect(CandleSeries.from(key, candles).length).toBe(100_000);
});

it('takes candles from the year 1 to the year 9999, those of early 1970 among them', () => {
  const times = [MIN_EPOCH_MS, -86_400_000, 0, Date.UTC(1970, 1, 2), Date.UTC(1970, 1, 3)];
  const daily = { symbol: 'A', timeframe: '1d' } as const;
  const last = MAX_EPOCH_MS + 1 - 86_400_000;
  const candles = [...times, last].map((timestamp) => ({ ...candle(0), timestamp }));
  expect(CandleSeries.from(daily, candles.toReversed()).toArray()).toEqual(candles);
  expect(CandleSeries.from(daily, candles.slice(3, 5)).toArray()).toEqual(candles.slice(3, 5));
  expect(CandleSeries.from(daily, candles.slice(3, 4)).toArray()).toEqual(candles.slice(3, 4));
});

it('refuses epoch seconds also where they happen to be the start of a period', () => {
  const seconds = Date.UTC(2024, 9, 4) / 1_000;
  const hourly = { symbol: 'A', timeframe: '1h' } as const;
  expect(() => CandleSeries.from(hourly, [{ ...candle(0), timestamp: seconds }])).toThrow(
    expect.objectContaining({
      code: 'INVALID_INPUT',
      details: expect.objectContaining({ field: 'timestamp', index: 0, value: seconds }),
    }),
  );
});

describe('what breaks a rule of the model', () => {
  const good = candle(1);
  const seconds = good.timestamp / 1_000;
  const faults: [string, unknown, string, RegExp][] = [
    ...REQUIRED_COLUMNS.flatMap((field): [string, unknown, string, RegExp][] => [
      [`${field}: NaN`, { ...good, [field]: Number.NaN }, field, /must be/],
      [`${field}: Infinity`, { ...good, [field]: Number.POSITIVE_INFINITY }, field, /must be/],
      [`${field}: -Infinity`, { ...good, [field]: Number.NEGATIVE_INFINITY }, field, /must be/],
      [`${field}: -0`, { ...good, [field]: -0 }, field, /must not be/],
      [`${field}: text`, { ...good, [field]: '100' }, field, /must be a number/],
      [`${field}: null`, { ...good, [field]: null }, field, /must be a number/],
      [`${field}: bigint`, { ...good, [field]: 100n }, field, /must be a number/],
      [`${field}: absent`, { ...good, [field]: undefined }, field, /must be a number/],
    ]),
    ['high below low', { ...good, high: 50, low: 60, open: 55, close: 55 }, 'high', /below low/],
    ['open above high', { ...good, open: good.high + 1 }, 'open', /between low .* and high/],
    ['open below low', { ...good, open: good.low - 1 }, 'open', /between low .* and high/],
    ['close above high', { ...good, close: good.high + 1 }, 'close', /between low .* and high/],
    ['close below low', { ...good, close: good.low - 1 }, 'close', /between low .* and high/],
    ['negative volume', { ...good, volume: -1 }, 'volume', /must not be negative/],
    ['unaligned', { ...good, timestamp: good.timestamp + 1 }, 'timestamp', /start of a 1m period/],
    ['in seconds', { ...good, timestamp: seconds }, 'timestamp', /epoch seconds/],
    ['in microseconds', { ...good, timestamp: good.timestamp * 1e3 }, 'timestamp', /micro/],
    ['in nanoseconds', { ...good, timestamp: good.timestamp * 1e6 }, 'timestamp', /2\^53/],
    ['before the year 1', { ...good, timestamp: MIN_EPOCH_MS - 60_000 }, 'timestamp', /year 1 on/],
    ['in nanoseconds of 1950', { ...good, timestamp: -6e17 }, 'timestamp', /2\^53/],
    ['beyond 2^53', { ...good, timestamp: 2 ** 53 }, 'timestamp', /2\^53/],
    ['fraction of a ms', { ...good, timestamp: good.timestamp + 0.5 }, 'timestamp', /integer/],
    ['null', null, 'candle', /must be an object/],
    ['undefined', undefined, 'candle', /must be an object/],
    ['a number', 5, 'candle', /must be an object/],
    ['a text', 'candle', 'candle', /must be an object/],
  ];

  it.each(faults)('%s is refused with field, index and rule', (_, bad, field, rule) => {
    const list = [candle(0), bad, candle(2), null] as Candle[];
    expect(faultOf(() => CandleSeries.from(key, list))).toMatchObject({
      field,
      index: 1,
      rule: expect.stringMatching(rule),
    });
  });

  it.each(faults.filter(([, bad]) => isNumeric(bad)))(
    '%s is refused in columns',
    (_, bad, field) => {
      const list = [candle(0), bad as Candle];
      const columns = Object.fromEntries(
        REQUIRED_COLUMNS.map((column) => [column, Float64Array.from(list, (it) => it[column])]),
      ) as unknown as CandleSeries;
      expect(faultOf(() => CandleSeries.from(key, columns))).toMatchObject({ field, index: 1 });
    },
  );

  it('names the first faulty candle, of whatever kind and wherever it stands', () => {
    const kinds = faults.map(([, bad]) => bad as Candle);
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(9_000), { minLength: 1, maxLength: 4 }),
        fc.array(fc.constantFrom(...kinds), { minLength: 4, maxLength: 4 }),
        (places, bad) => {
          const list = Array.from({ length: 9_001 }, (_, i) => candle(i));
          for (const [i, place] of places.entries()) list[place] = bad[i] as Candle;
          expect(faultOf(() => CandleSeries.from(key, list))).toMatchObject({
            index: Math.min(...places),
          });
        },
      ),
      { numRuns: 25 },
    );
  });

  it.each([
    ['too short', [start, 2, 4, 1, 3], 'candle'],
    ['too long', [start, 2, 4, 1, 3, 5, 6], 'candle'],
    ['with a text', [start, 2, 4, '1', 3, 5], 'low'],
    ['with a hole', [start, 2, 4, 1, undefined, 5], 'close'],
    ['whose prices contradict each other', [start, 2, 1, 1, 2, 5], 'open'],
  ])('a row %s is refused', (_, row, field) => {
    const fault = faultOf(() => CandleSeries.from(key, [rowOf(candle(1)), row as never]));
    expect(fault).toMatchObject({ field, index: 1 });
  });

  it.each(['1w', '1M', '1y'] as const)('an unaligned %s candle is refused', (timeframe) => {
    const grid = timeframeGrid(timeframe);
    const list = [grid.ceil(start), grid.shift(start, 3) + 86_400_000].map((timestamp) => ({
      ...good,
      timestamp,
    }));
    expect(faultOf(() => CandleSeries.from({ symbol: 'x', timeframe }, list))).toMatchObject({
      field: 'timestamp',
      index: 1,
    });
  });

  it.each([
    ['nothing', undefined, 'candles'],
    ['null', null, 'candles'],
    ['a text', 'abc', 'candles'],
    ['one candle', candle(0), 'timestamp'],
    ['a map', new Map(), 'candles'],
  ])('%s in place of candles is refused', (_, input, field) => {
    expect(faultOf(() => CandleSeries.from(key, input as never))).toMatchObject({ field });
  });

  it('columns of unequal length or of another type are refused', () => {
    const whole = CandleSeries.from(key, [candle(0), candle(1)]);
    const columns = Object.fromEntries(REQUIRED_COLUMNS.map((column) => [column, whole[column]]));
    const short = { ...columns, close: new Float64Array(1) } as never;
    expect(faultOf(() => CandleSeries.from(key, short))).toMatchObject({
      field: 'close',
      value: 1,
    });
    const narrow = { ...columns, open: new Float32Array(2) } as never;
    expect(faultOf(() => CandleSeries.from(key, narrow))).toMatchObject({ field: 'open' });
  });

  it('takes the ends of time, an empty list, and prices of zero or below', () => {
    const list = [
      { timestamp: 0, open: 0, high: 0, low: -37.63, close: -1, volume: 0 },
      { ...candle(0), timestamp: Date.UTC(9999, 11, 31, 23, 59) },
    ];
    expect(CandleSeries.from(key, list).toArray()).toEqual(list);
    expect(CandleSeries.from(key, []).length).toBe(0);
  });
});

describe('a series', () => {
  const five = CandleSeries.from(
    key,
    [0, 1, 2, 4, 5].map((i) => candle(i)),
  );

  it('has candles by index, from both ends', () => {
    expect(five.at(0)).toEqual(candle(0));
    expect(five.at(-1)).toEqual(candle(5));
    for (const outside of [5, -6, 0.5, Number.NaN]) expect(five.at(outside)).toBeUndefined();
    expect([five.firstTimestamp, five.lastTimestamp]).toEqual([
      candle(0).timestamp,
      candle(5).timestamp,
    ]);
  });

  it('is cut by index as an array is, without copying', () => {
    fc.assert(
      fc.property(
        series,
        fc.integer({ min: -90, max: 90 }),
        fc.integer({ min: -90, max: 90 }),
        (it, i, j) => {
          const part = it.slice(i, j);
          expect(part.toArray()).toEqual(it.toArray().slice(i, j));
          for (const column of REQUIRED_COLUMNS)
            expect(part[column].buffer).toBe(it[column].buffer);
        },
      ),
    );
    expect(five.slice().equals(five)).toBe(true);
  });

  it('is cut by time, from inclusive, to exclusive', () => {
    const instant = fc.integer({ min: start - 120_000, max: start + 62 * 60_000 });
    fc.assert(
      fc.property(series, instant, instant, (it, from, to) => {
        const expected = it
          .toArray()
          .filter(({ timestamp }) => from <= timestamp && timestamp < to);
        expect(it.between(from, to).toArray()).toEqual(expected);
        const index = it.indexAtOrAfter(from);
        expect(it.toArray().findIndex(({ timestamp }) => timestamp >= from)).toBe(
          index === it.length ? -1 : index,
        );
      }),
    );
  });

  it('has an extent that holds exactly its timestamps', () => {
    const { from, to } = five.extent ?? expect.unreachable();
    expect(five.between(from, to).length).toBe(five.length);
    expect(five.between(from + 1, to).length).toBe(4);
    expect(five.between(from, to - 1).length).toBe(4);
  });

  it('iterates, and becomes an array or JSON of plain objects', () => {
    expect([...five]).toEqual(five.toArray());
    expect(JSON.parse(JSON.stringify(five))).toEqual({ ...key, candles: five.toArray() });
  });

  it('copies into memory of its own, exactly as large', () => {
    const part = five.slice(1, 3);
    const copy = part.copy();
    expect(copy.equals(part)).toBe(true);
    expect(copy.close.buffer.byteLength).toBe(16);
  });

  it('may be empty', () => {
    const none = CandleSeries.empty(key);
    expect([none.length, none.at(0), none.at(-1), none.extent]).toEqual([
      0,
      undefined,
      undefined,
      undefined,
    ]);
    expect([none.firstTimestamp, none.lastTimestamp]).toEqual([Number.NaN, Number.NaN]);
    expect(none.toArray()).toEqual([]);
    expect(none.between(0, 1).length).toBe(0);
  });

  it('equals another one exactly when all candles are the same', () => {
    for (const column of REQUIRED_COLUMNS) {
      const other = five.copy();
      other[column][3] = 1;
      expect(five.equals(other)).toBe(false);
    }
    expect(five.equals(five.copy())).toBe(true);
    expect(five.equals(five.slice(1))).toBe(false);
  });
});

describe('joining series', () => {
  it('puts parts together that follow each other', () => {
    fc.assert(
      fc.property(series, fc.array(fc.nat(60), { maxLength: 4 }), (it, cuts) => {
        const bounds = [0, ...cuts.sort((a, b) => a - b), it.length];
        const parts = bounds.slice(1).map((to, i) => it.slice(bounds[i], to));
        expect(CandleSeries.concat(key, parts).equals(it)).toBe(true);
      }),
    );
    expect(CandleSeries.concat(key, []).length).toBe(0);
  });

  it('refuses parts that overlap or come in the wrong order', () => {
    const [a, b] = [0, 1].map((i) => CandleSeries.from(key, [candle(i)]));
    if (a === undefined || b === undefined) return expect.unreachable();
    expect(() => CandleSeries.concat(key, [b, a])).toThrow(RangeError);
    expect(() => CandleSeries.concat(key, [a, CandleSeries.empty(key), a])).toThrow(RangeError);
  });

  it('merges as a Map does: the second wins', () => {
    fc.assert(
      fc.property(candles, candles, (base, over) => {
        const merged = CandleSeries.merge(
          CandleSeries.from(key, base),
          CandleSeries.from(key, over),
        );
        expect(merged.toArray()).toEqual(sortedUnique([...base, ...over]));
      }),
    );
  });

  it('merges with itself and with nothing to itself, in any grouping', () => {
    fc.assert(
      fc.property(series, series, series, (a, b, c) => {
        const { merge } = CandleSeries;
        expect(merge(a, a).equals(a)).toBe(true);
        expect(merge(a, CandleSeries.empty(key)).equals(a)).toBe(true);
        expect(merge(CandleSeries.empty(key), a).equals(a)).toBe(true);
        expect(merge(merge(a, b), c).equals(merge(a, merge(b, c)))).toBe(true);
      }),
    );
  });
});

describe('the gaps of a series', () => {
  it('are the periods without a candle', () => {
    fc.assert(
      fc.property(candles, (list) => {
        const it = CandleSeries.from(key, list);
        const from = start - 300_000;
        const to = start + 70 * 60_000;
        const held = new Set(it.timestamp);
        const lacking: number[] = [];
        for (let t = from; t < to; t += 60_000) if (!held.has(t)) lacking.push(t);
        const gaps = candleGaps(it, { from, to });
        const found = gaps.flatMap((gap) =>
          Array.from({ length: (gap.to - gap.from) / 60_000 }, (_, i) => gap.from + i * 60_000),
        );
        expect(found).toEqual(lacking);
      }),
    );
  });

  it('lie between the first and the last candle by default', () => {
    const it = CandleSeries.from(key, [candle(1), candle(2), candle(5)]);
    expect(candleGaps(it)).toEqual([{ from: candle(3).timestamp, to: candle(5).timestamp }]);
    expect(candleGaps(CandleSeries.empty(key))).toEqual([]);
  });

  it('follow the calendar', () => {
    const monthly: SeriesKey = { symbol: 'x', timeframe: '1M' };
    const [january, april] = [Date.UTC(2024, 0), Date.UTC(2024, 3)];
    const list = [january, april].map((timestamp) => ({ ...candle(0), timestamp }));
    expect(candleGaps(CandleSeries.from(monthly, list))).toEqual([
      { from: Date.UTC(2024, 1), to: april },
    ]);
  });
});

function byTime(a: Candle, b: Candle): number {
  return a.timestamp - b.timestamp;
}

function pagesBackwards(list: readonly Candle[], size: number): Candle[] {
  const pages: Candle[] = [];
  for (let end = list.length; end > 0; end -= size) {
    pages.push(...list.slice(Math.max(0, end - size), end));
  }
  return pages;
}

/** Every candle once, in an order without long runs: steps of a size that shares no factor. */
function scatter(list: readonly Candle[]): Candle[] {
  const step = 611_953;
  return list.map((_, i) => list[(i * step) % list.length] ?? candle(0));
}

function isNumeric(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    REQUIRED_COLUMNS.every((column) => typeof (value as Candle)[column] === 'number')
  );
}
