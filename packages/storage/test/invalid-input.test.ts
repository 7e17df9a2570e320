import {
  allocateColumns,
  type Candle,
  type CandleColumn,
  CandleSeries,
  copyColumns,
  type Interval,
  MIN_EPOCH_MS,
  OPTIONAL_COLUMNS,
  REQUIRED_COLUMNS,
  type RequiredColumn,
  type SeriesKey,
  type Timeframe,
} from '@barkeep/core';
import type { CandleBatch, CandleQuery, IMarketDataStorage } from '@barkeep/storage';
import { describe, expect, it } from 'vitest';
import { openTinyStorage } from './tiny-storage.ts';

const START = Date.UTC(2026, 0, 1);
const KEY: SeriesKey = { symbol: 'KRW-BTC', timeframe: '1m' };
const OTHER_KEY: SeriesKey = { symbol: 'KRW-ETH', timeframe: '1m' };

function minute(i: number): number {
  return START + i * 60_000;
}

function sampleCandle(timestamp: number): Candle {
  return { ...base(), timestamp };
}

function sampleMinutes(from: number, to: number): Candle[] {
  return Array.from({ length: to - from }, (_, i) => sampleCandle(minute(from + i)));
}

async function collect(iterable: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of iterable);
}

type Field = CandleColumn;

const DAY = 86_400_000;
const FEBRUARY = Date.UTC(2026, 1, 1);

/** One broken candle, and the field that the error must name. */
interface CandleFault {
  readonly title: string;
  readonly field: Field;
  readonly candle: Readonly<Partial<Record<Field, unknown>>>;
  readonly timeframe?: Timeframe;
}

/** Numbers that no column takes. Series can carry them as well as objects. */
const UNFIT_NUMBERS: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  infinity: Number.POSITIVE_INFINITY,
  'minus-infinity': Number.NEGATIVE_INFINITY,
  'minus-zero': -0,
};

/** What is no number at all. Only objects can carry it. */
const NO_NUMBERS: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  text: '100',
  bigint: 100n,
  object: {},
};

const RULE_FAULTS: Readonly<Record<string, readonly CandleFault[]>> = {
  prices: [
    fault('high below low', 'high', { high: 98, low: 99, open: 98.5, close: 98.5 }),
    fault('open above high', 'open', { open: 111, high: 110 }),
    fault('open below low', 'open', { open: 89, low: 90 }),
    fault('close above high', 'close', { close: 111, high: 110 }),
    fault('close below low', 'close', { close: 89, low: 90 }),
  ],
  volume: [fault('negative volume', 'volume', { volume: -0.001 })],
  'optional values': [
    fault('a negative quote volume', 'quoteVolume', { quoteVolume: -1 }),
    fault('a quote volume of -0', 'quoteVolume', { quoteVolume: -0 }),
    fault('half a trade', 'tradeCount', { tradeCount: 0.5 }),
    fault('an infinite mean price', 'vwap', { vwap: Number.POSITIVE_INFINITY }),
    fault('a negative open interest', 'openInterest', { openInterest: -1 }),
  ],
  'unaligned-time': [
    fault('an unaligned time', 'timestamp', { timestamp: START + 1 }),
    { ...fault('a week on Thursday', 'timestamp', { timestamp: START }), timeframe: '1w' },
    { ...fault('a month on the 2nd', 'timestamp', { timestamp: START + DAY }), timeframe: '1M' },
    { ...fault('a year in February', 'timestamp', { timestamp: FEBRUARY }), timeframe: '1y' },
  ],
  'time-unit': [
    fault('a time in seconds', 'timestamp', { timestamp: START / 1_000 }),
    fault('a time in microseconds', 'timestamp', { timestamp: START * 1_000 }),
  ],
  'time-range': [
    fault('a time before the year 1', 'timestamp', { timestamp: MIN_EPOCH_MS - 60_000 }),
    fault('a fractional time', 'timestamp', { timestamp: START + 0.5 }),
    fault('a time beyond 2^53', 'timestamp', { timestamp: 2 ** 53 + 60_000 }),
  ],
};

interface InputFault {
  readonly title: string;
  readonly field: string;
  readonly calls: readonly ((storage: IMarketDataStorage) => Promise<unknown>)[];
}

function ofRange(range: unknown): object {
  return { ...KEY, ranges: [{}, range] };
}

const SNAPSHOT_FAULTS: readonly (readonly [title: string, field: string, request: unknown])[] = [
  ['nothing', 'request', null],
  ['an unknown option', 'request', { ...KEY, range: [] }],
  ['an empty symbol', 'symbol', { ...KEY, symbol: '' }],
  ['no list of ranges', 'ranges', { ...KEY, ranges: {} }],
  ['no range', 'range', ofRange(7)],
  ['a misspelled bound', 'range', ofRange({ form: 0 })],
  ['a fraction', 'from', ofRange({ from: 0.5 })],
  ['a range upside down', 'from', ofRange({ from: 2, to: 1 })],
  ['seconds', 'from', ofRange({ from: START / 1_000 + 1 })],
  ['a negative limit', 'limit', ofRange({ limit: -1 })],
  ['an unknown end', 'take', ofRange({ take: 'all' })],
  ['an unknown wish', 'candles', ofRange({ candles: true })],
  ['no revision', 'unless', ofRange({ candles: { unless: 1 } })],
];

const INPUT_FAULTS: readonly InputFault[] = [
  {
    title: 'columns that are no list, or empty',
    field: 'columns',
    calls: [[], 'close'].map(
      (columns) =>
        ({ candles }) =>
          candles.readColumns({ ...KEY }, unchecked<readonly 'open'[]>(columns)),
    ),
  },
  {
    title: 'a column that is unknown, or asked for twice',
    field: 'columns[1]',
    calls: [
      ['open', 'price'],
      ['close', 'close'],
    ].map(
      (columns) =>
        ({ candles }) =>
          candles.readColumns({ ...KEY }, unchecked<readonly 'open'[]>(columns)),
    ),
  },
  {
    title: 'an unknown rule of what a write replaces',
    field: 'replaces',
    calls: ['covered', 'none', '', true, null].map(
      (replaces) =>
        ({ candles }) =>
          candles.write([{ key: KEY, candles: [], replaces: unchecked(replaces) }]),
    ),
  },
  {
    title: 'an announced range that is none',
    field: 'range',
    calls: [({ changes }) => changes.announce(KEY, unchecked(null))],
  },
  ...SNAPSHOT_FAULTS.map(
    ([title, field, request]): InputFault => ({
      title: `a snapshot of ${title}`,
      field,
      calls: [({ candles }) => candles.snapshots(unchecked([KEY, request]))],
    }),
  ),
  {
    title: 'a limit that is negative, fractional or no number',
    field: 'limit',
    calls: [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, -0, '5', null].flatMap((limit) => [
      ({ candles }) => candles.read(unchecked({ ...KEY, limit })),
      ({ candles }) => candles.readMany([{ ...KEY }, unchecked({ ...KEY, limit })]),
    ]),
  },
  {
    title: 'an unknown take',
    field: 'take',
    calls: ['newest', '', 1].map(
      (take) =>
        ({ candles }) =>
          candles.read(unchecked({ ...KEY, take })),
    ),
  },
  {
    title: 'a chunk size that is not a whole number above 0',
    field: 'chunkSize',
    calls: [0, -1, 1.5, Number.NaN, '10'].map(
      (chunkSize) =>
        ({ candles }) =>
          collect(candles.scan(unchecked({ ...KEY, chunkSize }))),
    ),
  },
  {
    title: 'a query that is none, or has unknown options',
    field: 'query',
    calls: [
      ({ candles }) => candles.read(unchecked(null)),
      ({ candles }) => candles.read(unchecked('KRW-BTC')),
      ({ candles }) => candles.read(unchecked({ ...KEY, since: 1 })),
      ({ candles }) => candles.readMany([unchecked({ ...KEY, start: 1 })]),
      ({ candles }) => collect(candles.scan(unchecked({ ...KEY, limit: 1 }))),
    ],
  },
  {
    title: 'queries that are no list',
    field: 'queries',
    calls: [({ candles }) => candles.readMany(unchecked({ ...KEY }))],
  },
  {
    title: 'a filter with an unknown key, which must not select everything',
    field: 'filter',
    calls: [
      ({ candles }) => candles.list(unchecked({ sybmol: 'KRW-BTC' })),
      ({ candles }) => candles.list(unchecked({ exchange: 'upbit' })),
      ({ candles }) => candles.list(unchecked(null)),
    ],
  },
  {
    title: 'a range with a bad start',
    field: 'from',
    calls: [
      { from: minute(5), to: minute(4) },
      { from: Number.NaN, to: minute(4) },
      { from: 2 ** 53, to: 2 ** 53 },
      { from: 0.5, to: minute(4) },
      { from: '0', to: minute(4) },
      { from: START / 1_000, to: minute(4) },
      { from: START * 1_000, to: START * 1_000 + 1 },
    ].flatMap(callsWithRange),
  },
  {
    title: 'a range with a bad end',
    field: 'to',
    calls: [
      { from: minute(0), to: Number.POSITIVE_INFINITY },
      { from: minute(0), to: new Date(minute(4)) },
      { from: 0, to: START / 1_000 },
      { from: minute(0), to: START * 1_000 },
    ].flatMap(callsWithRange),
  },
  {
    title: 'asking what is missing without a range',
    field: 'range',
    calls: [({ coverage }) => coverage.missing(KEY, unchecked(undefined))],
  },
  {
    title: 'a symbol that is empty, too long, malformed or no string',
    field: 'symbol',
    calls: ['', 'x'.repeat(513), 'A\0B', '\ud800', 5, null, undefined].flatMap((symbol) =>
      callsWithKey({ symbol, timeframe: '1m' }),
    ),
  },
  {
    title: 'an unknown timeframe',
    field: 'timeframe',
    calls: [
      '',
      '1',
      'm',
      '0m',
      '01m',
      '1.5h',
      '-1m',
      '1x',
      '1 m',
      '1min',
      '1m\n',
      60,
      null,
      undefined,
    ].flatMap((timeframe) => callsWithKey({ symbol: 'KRW-BTC', timeframe })),
  },
  {
    title: 'a source that is empty, too long or no string',
    field: 'source',
    calls: ['', 'x'.repeat(257), 5].flatMap((source) => [
      ({ candles }: IMarketDataStorage) =>
        candles.write({ key: KEY, candles: sampleMinutes(0, 2), source: unchecked(source) }),
      ({ coverage }: IMarketDataStorage) =>
        coverage.add(KEY, { from: minute(0), to: minute(2) }, { source: unchecked(source) }),
    ]),
  },
  {
    title: 'coverage without provenance',
    field: 'provenance',
    calls: [
      ({ coverage }) => coverage.add(KEY, { from: minute(0), to: minute(2) }, unchecked(undefined)),
      ({ coverage }) => coverage.add(KEY, { from: minute(0), to: minute(2) }, unchecked('upbit')),
    ],
  },
  {
    title: 'a time of collection that is no instant',
    field: 'collectedAt',
    calls: [Number.NaN, MIN_EPOCH_MS - 1, 1.5, START / 1_000, '0'].map(
      (collectedAt) =>
        ({ coverage }) =>
          coverage.add(
            KEY,
            { from: minute(0), to: minute(2) },
            { source: 'a', collectedAt: unchecked(collectedAt) },
          ),
    ),
  },
  {
    title: 'a batch that is none, or has unknown options',
    field: 'batch',
    calls: [
      ({ candles }) => candles.write(unchecked(null)),
      ({ candles }) => candles.write([unchecked(5)]),
      ({ candles }) =>
        candles.write(unchecked({ key: KEY, candles: sampleMinutes(0, 2), cover: {} })),
    ],
  },
  {
    title: 'candles that are neither a series nor a list',
    field: 'candles',
    calls: [undefined, null, {}, 'candles', 5].map(
      (candles) => (storage) => storage.candles.write({ key: KEY, candles: unchecked(candles) }),
    ),
  },
  {
    title: 'a candle that is no object',
    field: 'candle',
    calls: [undefined, null, 5, '1'].map(
      (candle) =>
        ({ candles }) =>
          candles.write({ key: KEY, candles: [...sampleMinutes(0, 2), unchecked(candle)] }),
    ),
  },
  {
    title: 'a series whose columns differ in length',
    field: 'close',
    calls: [
      ({ candles }) => {
        const series = CandleSeries.from(KEY, sampleMinutes(0, 5));
        const ragged = CandleSeries.fromTrustedColumns(KEY, {
          ...columnsOf(series),
          close: series.close.slice(1),
        });
        return candles.write({ key: KEY, candles: ragged });
      },
    ],
  },
  {
    title: 'a document key that is empty, too long, malformed or no string',
    field: 'key',
    calls: ['', 'x'.repeat(513), 'a\0', '\udfff', 5, undefined].flatMap((key) => [
      ({ metadata }: IMarketDataStorage) => metadata.get(unchecked(key)),
      ({ metadata }: IMarketDataStorage) => metadata.set(unchecked(key), 1),
      ({ metadata }: IMarketDataStorage) => metadata.delete(unchecked(key)),
    ]),
  },
  {
    title: 'a prefix of document keys that is no well-formed string',
    field: 'prefix',
    calls: ['\ud800', 5, null].map(
      (prefix) =>
        ({ metadata }) =>
          metadata.keys(unchecked(prefix)),
    ),
  },
];

const UNFIT_DOCUMENTS: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  function: () => 1,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-0': -0,
  bigint: 1n,
  date: new Date(0),
  map: new Map(),
  'a typed array': new Float64Array(1),
  'nested undefined': { a: [undefined] },
  'nested NaN': { a: { b: Number.NaN } },
  'a lone surrogate': '\ud800',
  'a cycle': cyclic(),
  'too long': 'x'.repeat(1_048_577),
};

describe('bad input is refused with the field, the index and the rule, and nothing is stored', () => {
  it.each(Object.entries(UNFIT_NUMBERS))('%s in every column of a candle', async (name, value) => {
    const storage = await openTinyStorage();
    for (const one of REQUIRED_COLUMNS.map((field) => unfitNumber(name, field, value))) {
      await expectCandleRefused(storage, one, asObjects(one));
      await expectCandleRefused(storage, one, asColumns(one));
    }
  });

  it.each(Object.entries(NO_NUMBERS))('%s in every column of a candle', async (name, value) => {
    const storage = await openTinyStorage();
    const optional = value === undefined ? [] : OPTIONAL_COLUMNS;
    for (const field of [...REQUIRED_COLUMNS, ...optional]) {
      const one = { title: `${name} as ${field}`, field, candle: { ...base(), [field]: value } };
      await expectCandleRefused(storage, one, asObjects(one));
    }
  });

  it.each(Object.values(RULE_FAULTS).flat())('$title, in objects and in columns', async (one) => {
    const storage = await openTinyStorage();
    await expectCandleRefused(storage, one, asObjects(one));
    await expectCandleRefused(storage, one, asColumns(one));
  });

  it.each(INPUT_FAULTS)('$title', async ({ field, calls }) => {
    const storage = await openTinyStorage();
    for (const call of calls) await expectRefused(() => call(storage), { field });
    await expectNothingStored(storage, KEY);
  });

  it.each(Object.entries(UNFIT_DOCUMENTS))('a document that is %s', async (_, value) => {
    const storage = await openTinyStorage();
    await expectRefused(() => storage.metadata.set('note', unchecked(value)), {});
    await expectNothingStored(storage, KEY);
  });
});

async function expectNothingStored(storage: IMarketDataStorage, key: SeriesKey): Promise<void> {
  expect((await storage.candles.read({ ...key })).length).toBe(0);
  expect(await storage.candles.list()).toEqual([]);
  expect(await storage.coverage.of(key)).toEqual([]);
  expect(await storage.metadata.keys()).toEqual([]);
}

async function expectCandleRefused(
  storage: IMarketDataStorage,
  { field, timeframe }: CandleFault,
  candles: CandleBatch['candles'],
): Promise<void> {
  const key = { ...KEY, timeframe: timeframe ?? KEY.timeframe };
  await expectRefused(() => storage.candles.write({ key, candles }), { field, index: 2 });
  const good = { key: OTHER_KEY, candles: sampleMinutes(0, 3) };
  const details = { field, index: 2, batch: 1 };
  await expectRefused(() => storage.candles.write([good, { key, candles }]), details);
  await expectNothingStored(storage, key);
}

async function expectRefused(call: () => Promise<unknown>, details: object): Promise<void> {
  await expect(call()).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    details: {
      rule: expect.stringMatching(/./),
      field: expect.stringMatching(/./),
      ...details,
    },
  });
}

function fault(title: string, field: Field, values: Partial<Candle>): CandleFault {
  return { title, field, candle: { ...base(), ...values } };
}

function unfitNumber(name: string, field: Field, value: number): CandleFault {
  const candle = { ...base(), ...neighbours(field, value), [field]: value };
  return { title: `${name} as ${field}`, field, candle };
}

function base(): Candle {
  return { timestamp: START, open: 100, high: 110, low: 90, close: 105, volume: 1 };
}

/** Prices that keep every other rule when one of them is zero or infinite. */
function neighbours(field: Field, value: number): Partial<Candle> {
  if (field === 'timestamp' || field === 'volume' || value !== 0) return {};
  return { open: 0, high: 0, low: 0, close: 0 };
}

/** Two good candles before the bad one, on the grid of its timeframe. */
function asObjects({ candle, timeframe }: CandleFault): Candle[] {
  return [...goodBefore(timeframe), unchecked<Candle>(candle)];
}

function asColumns(it: CandleFault): CandleSeries {
  const good = goodBefore(it.timeframe);
  const columns = allocateColumns(good.length + 1, OPTIONAL_COLUMNS);
  copyColumns(CandleSeries.from({ ...KEY, timeframe: it.timeframe ?? '1m' }, good), columns, 0);
  for (const [name, column] of Object.entries(columns)) {
    column[good.length] = unchecked<Record<string, number>>(it.candle)[name] ?? Number.NaN;
  }
  return CandleSeries.fromTrustedColumns(KEY, columns);
}

function goodBefore(timeframe: Timeframe = '1m'): Candle[] {
  const starts: Partial<Record<Timeframe, readonly number[]>> = {
    '1w': [Date.UTC(2025, 11, 1), Date.UTC(2025, 11, 8)],
    '1M': [Date.UTC(2025, 10, 1), Date.UTC(2025, 11, 1)],
    '1y': [Date.UTC(2024, 0, 1), Date.UTC(2025, 0, 1)],
  };
  return (starts[timeframe] ?? [minute(-2), minute(-1)]).map((at) => sampleCandle(at));
}

function callsWithKey(key: object): ((storage: IMarketDataStorage) => Promise<unknown>)[] {
  const bad = unchecked<CandleQuery>(key);
  const range = { from: minute(0), to: minute(5) };
  return [
    ({ candles }) => candles.write({ key: bad, candles: [] }),
    ({ candles }) =>
      candles.write([
        { key: KEY, candles: sampleMinutes(0, 2) },
        { key: bad, candles: [] },
      ]),
    ({ candles }) => candles.read(bad),
    ({ candles }) => candles.readMany([{ ...KEY }, bad]),
    ({ candles }) => collect(candles.scan(bad)),
    ({ candles }) => candles.remove(bad),
    ({ coverage }) => coverage.add(bad, range, { source: 'a' }),
    ({ coverage }) => coverage.of(bad, range),
    ({ coverage }) => coverage.missing(bad, range),
    ({ coverage }) => coverage.remove(bad),
    ({ coverage }) => coverage.continuity(bad, range),
  ];
}

function callsWithRange(range: object): ((storage: IMarketDataStorage) => Promise<unknown>)[] {
  const bad = unchecked<Interval>(range);
  return [
    ({ candles }) => candles.read({ ...KEY, ...bad }),
    ({ candles }) => collect(candles.scan({ ...KEY, ...bad })),
    ({ candles }) => candles.remove(KEY, bad),
    ({ candles }) => candles.write({ key: KEY, candles: sampleMinutes(0, 2), covers: bad }),
    ({ coverage }) => coverage.add(KEY, bad, { source: 'a' }),
    ({ coverage }) => coverage.of(KEY, bad),
    ({ coverage }) => coverage.missing(KEY, bad),
    ({ coverage }) => coverage.remove(KEY, bad),
    ({ coverage }) => coverage.continuity(KEY, bad),
  ];
}

function columnsOf(series: CandleSeries): Record<RequiredColumn, Float64Array> {
  const { timestamp, open, high, low, close, volume } = series;
  return { timestamp, open, high, low, close, volume };
}

function cyclic(): object {
  const value: { self?: object } = {};
  value.self = value;
  return value;
}

/** A value that the types forbid and that a caller without types may still hand in. */
function unchecked<T>(value: unknown): T {
  return value as T;
}
