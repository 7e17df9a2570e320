import { type Candle, type SeriesKey, timeframeGrid } from '@barkeep/core';
import { KEY, minute, START, samplePeriods } from '../sample-candles.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertRead, assertSeries } from '../stored-state.ts';

const VALUES: Readonly<Record<string, readonly number[]>> = {
  subnormal: [5e-324, 1e-320, 2.2250738585072014e-308],
  'seventeen-digits': [0.1 + 0.2, 1 / 3, 12_345.678901234567, 2 ** 53 - 1, 2 ** 53 + 2],
  huge: [1e308, Number.MAX_VALUE],
  tiny: [Number.MIN_VALUE, Number.EPSILON, 1e-8],
  zero: [0],
  'eleven-decimals': [0.00000012345, 0.00000000001, 123.45678901234],
};

export const valueScenarios: readonly StorageScenario[] = [
  ...Object.entries(VALUES).map(([name, values]) =>
    scenario(`values/${name}`, `${name} doubles survive bit for bit`, async (storage) => {
      const candles = values.map((value, i) => flat(minute(i), value));
      await storage.candles.write({ key: KEY, candles });
      await assertSeries(storage, KEY, candles, name);
    }),
  ),
  scenario(
    'values/negative-prices',
    'prices may be negative, as those of oil once were',
    async (storage) => {
      const candles = [
        { timestamp: START, open: -37.63, high: -0.01, low: -40.32, close: -13.1, volume: 2 },
      ];
      await storage.candles.write({ key: KEY, candles });
      await assertSeries(storage, KEY, candles, 'negative prices');
    },
  ),
  scenario(
    'values/any-bits',
    'a thousand doubles of every size survive bit for bit',
    async (storage) => {
      const random = generator(0x5eed);
      const candles = Array.from({ length: 1_000 }, (_, i) => {
        const [low = 0, open = 0, close = 0, high = 0] = [
          random(),
          random(),
          random(),
          random(),
        ].sort((a, b) => a - b);
        return { timestamp: minute(i), open, high, low, close, volume: Math.abs(random()) };
      });
      await storage.candles.write({ key: KEY, candles });
      await assertSeries(storage, KEY, candles, 'doubles of every size');
    },
  ),
  scenario(
    'values/first-and-last-instant',
    'candles of 1970 and of 9999 are candles',
    async (storage) => {
      const day: SeriesKey = { symbol: 'OLD', timeframe: '1d' };
      const candles = [0, Date.UTC(2000, 1, 29), Date.UTC(9999, 11, 31)].map((at) => flat(at, 1));
      await storage.candles.write({ key: day, candles });
      await assertSeries(storage, day, candles, 'candles far apart');
    },
  ),
  ...(['1w', '1M', '1y', '3M', '1s', '4h'] as const).map((timeframe) =>
    scenario(
      `values/timeframe-${timeframe.replace('M', 'month')}`,
      `${timeframe} candles keep to the calendar`,
      async (storage) => {
        const key: SeriesKey = { symbol: 'KRW-BTC', timeframe };
        const candles = samplePeriods(key, 40);
        await storage.candles.write({ key, candles });
        await assertSeries(storage, key, candles, timeframe);
        const grid = timeframeGrid(timeframe);
        const from = grid.shift(START, 5);
        const to = grid.shift(START, 9);
        await assertRead(
          storage,
          { ...key, from, to },
          candles.slice(5, 9),
          `${timeframe} in a range`,
        );
      },
    ),
  ),
];

function flat(timestamp: number, value: number): Candle {
  return { timestamp, open: value, high: value, low: value, close: value, volume: value };
}

/** Finite doubles with random bits, the same for each run. */
function generator(seed: number): () => number {
  const bits = new DataView(new ArrayBuffer(8));
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
  return () => {
    for (;;) {
      bits.setUint32(0, next());
      bits.setUint32(4, next());
      const value = bits.getFloat64(0);
      if (Number.isFinite(value) && !Object.is(value, -0)) return value;
    }
  };
}
