import {
  allocateColumns,
  CANDLE_COLUMNS,
  type Candle,
  CandleSeries,
  copyColumns,
  type Interval,
  type Timeframe,
} from '@barkeep/core';
import type { CandleBatch, CandleQuery, IMarketDataStorage } from '@barkeep/storage';
import { assertEqual, assertRejects, assertTrue } from '../../assertions.ts';
import { KEY, minute, OTHER_KEY, START, sampleCandle, sampleMinutes } from '../sample-candles.ts';
import { collect } from '../storage-operations.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertNothingStored } from '../stored-state.ts';

type Field = keyof Candle;

const DAY = 86_400_000;
const FEBRUARY = Date.UTC(2026, 1, 1);

/** One broken candle, and the field that the error must name. */
interface CandleFault {
  readonly title: string;
  readonly field: Field;
  readonly candle: Readonly<Record<Field, unknown>>;
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
    fault('a negative time', 'timestamp', { timestamp: -60_000 }),
    fault('a fractional time', 'timestamp', { timestamp: START + 0.5 }),
    fault('a time beyond 2^53', 'timestamp', { timestamp: 2 ** 53 + 60_000 }),
  ],
};

interface InputFault {
  readonly key: string;
  readonly title: string;
  readonly field: string;
  readonly calls: readonly ((storage: IMarketDataStorage) => Promise<unknown>)[];
}

const INPUT_FAULTS: readonly InputFault[] = [
  {
    key: 'limit',
    title: 'a limit that is negative, fractional or no number',
    field: 'limit',
    calls: [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, -0, '5', null].flatMap((limit) => [
      ({ candles }) => candles.read(unchecked({ ...KEY, limit })),
      ({ candles }) => candles.readMany([{ ...KEY }, unchecked({ ...KEY, limit })]),
    ]),
  },
  {
    key: 'take',
    title: 'an unknown take',
    field: 'take',
    calls: ['newest', '', 1].map(
      (take) =>
        ({ candles }) =>
          candles.read(unchecked({ ...KEY, take })),
    ),
  },
  {
    key: 'chunk-size',
    title: 'a chunk size that is not a whole number above 0',
    field: 'chunkSize',
    calls: [0, -1, 1.5, Number.NaN, '10'].map(
      (chunkSize) =>
        ({ candles }) =>
          collect(candles.scan(unchecked({ ...KEY, chunkSize }))),
    ),
  },
  {
    key: 'query',
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
    key: 'queries',
    title: 'queries that are no list',
    field: 'queries',
    calls: [({ candles }) => candles.readMany(unchecked({ ...KEY }))],
  },
  {
    key: 'filter',
    title: 'a filter with an unknown key, which must not select everything',
    field: 'filter',
    calls: [
      ({ candles }) => candles.list(unchecked({ sybmol: 'KRW-BTC' })),
      ({ candles }) => candles.list(unchecked({ exchange: 'upbit' })),
      ({ candles }) => candles.list(unchecked(null)),
    ],
  },
  {
    key: 'from',
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
    key: 'to',
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
    key: 'no-range',
    title: 'asking what is missing without a range',
    field: 'range',
    calls: [({ coverage }) => coverage.missing(KEY, unchecked(undefined))],
  },
  {
    key: 'symbol',
    title: 'a symbol that is empty, too long, malformed or no string',
    field: 'symbol',
    calls: ['', 'x'.repeat(513), 'A\0B', '\ud800', 5, null, undefined].flatMap((symbol) =>
      callsWithKey({ symbol, timeframe: '1m' }),
    ),
  },
  {
    key: 'timeframe',
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
    key: 'source',
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
    key: 'provenance',
    title: 'coverage without provenance',
    field: 'provenance',
    calls: [
      ({ coverage }) => coverage.add(KEY, { from: minute(0), to: minute(2) }, unchecked(undefined)),
      ({ coverage }) => coverage.add(KEY, { from: minute(0), to: minute(2) }, unchecked('upbit')),
    ],
  },
  {
    key: 'collected-at',
    title: 'a time of collection that is no instant',
    field: 'collectedAt',
    calls: [Number.NaN, -1, 1.5, START / 1_000, '0'].map(
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
    key: 'batch',
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
    key: 'candles',
    title: 'candles that are neither a series nor a list',
    field: 'candles',
    calls: [undefined, null, {}, 'candles', 5].map(
      (candles) => (storage) => storage.candles.write({ key: KEY, candles: unchecked(candles) }),
    ),
  },
  {
    key: 'candle',
    title: 'a candle that is no object',
    field: 'candle',
    calls: [undefined, null, 5, '1'].map(
      (candle) =>
        ({ candles }) =>
          candles.write({ key: KEY, candles: [...sampleMinutes(0, 2), unchecked(candle)] }),
    ),
  },
  {
    key: 'ragged-series',
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
    key: 'document-key',
    title: 'a document key that is empty, too long, malformed or no string',
    field: 'key',
    calls: ['', 'x'.repeat(513), 'a\0', '\udfff', 5, undefined].flatMap((key) => [
      ({ metadata }: IMarketDataStorage) => metadata.get(unchecked(key)),
      ({ metadata }: IMarketDataStorage) => metadata.set(unchecked(key), 1),
      ({ metadata }: IMarketDataStorage) => metadata.delete(unchecked(key)),
    ]),
  },
  {
    key: 'document-prefix',
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

export const invalidScenarios: readonly StorageScenario[] = [
  ...Object.entries(UNFIT_NUMBERS).map(([name, value]) =>
    scenario(
      `invalid/${name}`,
      `${name} is refused in every column, of objects and of series`,
      async (storage) => {
        for (const it of CANDLE_COLUMNS.map((field) => unfitNumber(name, field, value))) {
          await assertCandleRefused(storage, it, asObjects(it));
          await assertCandleRefused(storage, it, asColumns(it));
        }
      },
    ),
  ),
  ...Object.entries(NO_NUMBERS).map(([name, value]) =>
    scenario(`invalid/${name}`, `${name} is refused in every column`, async (storage) => {
      for (const field of CANDLE_COLUMNS) {
        const candle = { ...base(), [field]: value };
        const it = { title: `${name} as ${field}`, field, candle };
        await assertCandleRefused(storage, it, asObjects(it));
      }
    }),
  ),
  ...Object.entries(RULE_FAULTS).map(([name, faults]) =>
    scenario(
      `invalid/${name}`,
      `${faults.map(({ title }) => title).join(', ')}: refused in objects and in series`,
      async (storage) => {
        for (const it of faults) {
          await assertCandleRefused(storage, it, asObjects(it));
          await assertCandleRefused(storage, it, asColumns(it));
        }
      },
    ),
  ),
  ...INPUT_FAULTS.map(({ key, title, field, calls }) =>
    scenario(`invalid/${key}`, `${title} is refused, and nothing is stored`, async (storage) => {
      for (const [i, call] of calls.entries()) {
        await assertRefused(() => call(storage), `${title}, call ${i + 1}`, { field });
      }
      await assertNothingStored(storage, KEY, title);
      assertEqual(await storage.candles.list(), [], `${title}: no series is listed`);
      assertEqual(await storage.metadata.keys(), [], `${title}: no document is stored`);
    }),
  ),
  scenario(
    'invalid/document',
    'a document that is not plain JSON is refused',
    async ({ metadata }) => {
      for (const [name, value] of Object.entries(UNFIT_DOCUMENTS)) {
        await assertRefused(() => metadata.set('note', unchecked(value)), name, {});
      }
      assertEqual(await metadata.keys(), [], 'no document is stored');
    },
  ),
];

async function assertCandleRefused(
  storage: IMarketDataStorage,
  { title, field, timeframe }: CandleFault,
  candles: CandleBatch['candles'],
): Promise<void> {
  const key = { ...KEY, timeframe: timeframe ?? KEY.timeframe };
  await assertRefused(() => storage.candles.write({ key, candles }), title, { field, index: 2 });
  const good = { key: OTHER_KEY, candles: sampleMinutes(0, 3) };
  const details = { field, index: 2, batch: 1 };
  await assertRefused(() => storage.candles.write([good, { key, candles }]), title, details);
  await assertNothingStored(storage, key, title);
  await assertNothingStored(storage, OTHER_KEY, `${title}, in the batch before`);
}

async function assertRefused(
  call: () => Promise<unknown>,
  what: string,
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  const error = await assertRejects(call, 'INVALID_INPUT', what, details);
  const { rule, field } = error.details;
  assertTrue(typeof rule === 'string' && rule !== '', `${what}: details.rule says which rule`);
  assertTrue(typeof field === 'string' && field !== '', `${what}: details.field says which field`);
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
  const columns = allocateColumns(good.length + 1);
  copyColumns(CandleSeries.from({ ...KEY, timeframe: it.timeframe ?? '1m' }, good), columns, 0);
  for (const column of CANDLE_COLUMNS) {
    columns[column][good.length] = unchecked<Candle>(it.candle)[column];
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

function columnsOf(series: CandleSeries): Record<Field, Float64Array> {
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
