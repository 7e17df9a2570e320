import {
  allocateColumns,
  CANDLE_COLUMNS,
  CandleSeries,
  MAX_EPOCH_MS,
  OPTIONAL_COLUMNS,
  type OptionalColumn,
  type Timeframe,
  timeframeGrid,
} from '@barkeep/core';
import fc from 'fast-check';

/** A source of numbers in [0, 1), the same on every engine. */
export type Random = () => number;

export function randomFrom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Makes one finite double, and not −0, of a state that it may change. */
type Draw = (random: Random) => number;

const decimal =
  (scale: number, range: number): Draw =>
  (random) =>
    Math.floor(random() * range) / 10 ** scale;

/** Any finite double, by its bits. */
const anyDouble: Draw = (random) => {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setUint32(0, random() * 2 ** 32);
  bits.setUint32(4, random() * 2 ** 32);
  const value = bits.getFloat64(0);
  return Number.isFinite(value) ? value + 0 : 0;
};

const subnormal: Draw = (random) => Math.floor(random() * 2 ** 20) * Number.MIN_VALUE;

const mostly =
  (usual: Draw, odd: Draw, share: number): Draw =>
  (random) =>
    random() < share ? odd(random) : usual(random);

const walk = (scale: number, start: number, step: number): Draw =>
  (() => {
    const states = new WeakMap<Random, number>();
    return (random: Random) => {
      const next = (states.get(random) ?? start) + Math.floor((random() - 0.5) * step);
      states.set(random, next);
      return next / 10 ** scale;
    };
  })();

const PRICES: Readonly<Record<string, Draw>> = {
  walk: walk(2, 1_700_000, 2_000),
  'fine walk': walk(11, 7_812_300, 999),
  'won ticks': (random) => walk(0, 80_000, 40)(random) * 1_000,
  'half ticks': (random) => Math.floor(random() * 9_000) / 2,
  constant: () => 611.78,
  zero: () => 0,
  negative: walk(2, -3_700, 500),
  'around zero': walk(1, 0, 7),
  '17 digits': (random) => 100 + random(),
  'any double': anyDouble,
  'huge and tiny': (random) => (random() < 0.5 ? 1e308 * random() : 1e-308 * random()),
  subnormal,
  'few 11 decimals': mostly(walk(2, 61_178, 90), decimal(11, 1e13), 0.004),
  'many 11 decimals': mostly(decimal(2, 1e6), decimal(11, 1e13), 0.1),
  'few huge': mostly(walk(2, 61_178, 90), anyDouble, 0.01),
  'mixed decimals': (random) => decimal(Math.floor(random() * 9), 1e9)(random),
  'large integers': (random) => Math.floor(random() * 2 ** 53),
  spikes: mostly(walk(2, 61_178, 9), decimal(2, 1e12), 0.05),
};

const VOLUMES: Readonly<Record<string, Draw>> = {
  '8 decimals': (random) => Math.floor(random() ** 8 * 1e12) / 1e8,
  none: () => 0,
  rare: mostly(() => 0, decimal(8, 1e10), 0.02),
  whole: decimal(0, 500),
  '17 digits': (random) => random() * 1e3,
  subnormal,
  huge: (random) => 1e300 * random(),
};

const TIMEFRAMES: readonly Timeframe[] = [
  '1s',
  '1m',
  '15m',
  '4h',
  '1d',
  '1w',
  '2w',
  '1M',
  '3M',
  '1y',
  '1h@30m',
  '1d@15h',
  '1w@3d',
  '1M@-9h',
];
const GAPS: Readonly<Record<string, Draw>> = {
  none: () => 0,
  rare: (random) => (random() < 0.01 ? Math.floor(random() * 50) : 0),
  sparse: (random) => Math.floor(random() * 6),
  irregular: (random) => Math.floor(random() ** 10 * 5_000),
};

/** Whether a candle has a value in an optional column. */
const PRESENCE: Readonly<Record<string, (random: Random, i: number) => boolean>> = {
  all: () => true,
  most: (random) => random() < 0.98,
  few: (random) => random() < 0.05,
  'from the middle on': (_, i) => i >= 200,
  first: (_, i) => i === 0,
  none: () => false,
};

export interface SeriesForm {
  readonly seed: number;
  readonly count: number;
  readonly timeframe: Timeframe;
  readonly gaps: string;
  readonly prices: string;
  readonly volumes: string;
  /** The optional columns there are, and which candles have a value in them. */
  readonly optional?: readonly OptionalColumn[];
  readonly presence?: string;
  /** Whether the candles begin before 1970. */
  readonly isOld?: boolean;
}

/** The forms of valid series: every kind of times, prices and volumes with every other. */
export function seriesForms(maxCount: number): fc.Arbitrary<SeriesForm> {
  return fc.record({
    seed: fc.integer(),
    count: fc.oneof(
      fc.integer({ min: 1, max: 10 }),
      fc.constantFrom(127, 128, 129, 255, 256, 257),
      fc.integer({ min: 1, max: maxCount }),
    ),
    timeframe: fc.constantFrom(...TIMEFRAMES),
    gaps: fc.constantFrom(...Object.keys(GAPS)),
    prices: fc.constantFrom(...Object.keys(PRICES)),
    volumes: fc.constantFrom(...Object.keys(VOLUMES)),
    optional: fc.oneof(fc.constant([]), fc.subarray([...OPTIONAL_COLUMNS])),
    presence: fc.constantFrom(...Object.keys(PRESENCE)),
    isOld: fc.boolean(),
  });
}

/** The series of a form: always the same one. It may be shorter, where time itself ends. */
export function seriesOf(form: SeriesForm): CandleSeries {
  const { seed, count, timeframe } = form;
  const random = randomFrom(seed);
  const gap = drawOf(GAPS, form.gaps);
  const price = drawOf(PRICES, form.prices);
  const volume = drawOf(VOLUMES, form.volumes);
  const columns = allocateColumns(count, form.optional);
  const grid = timeframeGrid(timeframe);
  let timestamp = grid.ceil((form.isOld ? -2e12 : 1e10) + Math.floor(random() * 1.7e12));
  let length = 0;
  while (length < count && timestamp <= MAX_EPOCH_MS) {
    const [low = 0, a = 0, b = 0, high = 0] = [price, price, price, price]
      .map((draw) => draw(random))
      .sort((left, right) => left - right);
    const rises = random() < 0.5;
    columns.timestamp[length] = timestamp;
    columns.open[length] = rises ? a : b;
    columns.close[length] = rises ? b : a;
    columns.high[length] = high;
    columns.low[length] = low;
    columns.volume[length] = volume(random);
    timestamp = grid.shift(timestamp, 1 + gap(random));
    length += 1;
  }
  for (const name of form.optional ?? []) fillOptional(columns[name], name, form, random);
  return CandleSeries.from(
    { symbol: 'X', timeframe },
    CandleSeries.fromTrustedColumns({ symbol: 'X', timeframe }, columns).slice(0, length),
  );
}

function fillOptional(
  column: Float64Array | undefined,
  name: OptionalColumn,
  { prices, volumes, presence = 'all' }: SeriesForm,
  random: Random,
): void {
  const isPresent = PRESENCE[presence];
  const { values } = CANDLE_COLUMNS[name];
  const draw = values === 'price' ? drawOf(PRICES, prices) : drawOf(VOLUMES, volumes);
  for (let i = 0; column !== undefined && i < column.length; i += 1) {
    if (!isPresent?.(random, i)) continue;
    const value = draw(random);
    column[i] = values === 'count' ? Math.floor(Math.min(value, 2 ** 40)) : value;
  }
}

function drawOf(draws: Readonly<Record<string, Draw>>, name: string): Draw {
  const draw = draws[name];
  if (draw === undefined) throw new Error(`there is no draw ${name}`);
  return draw;
}
