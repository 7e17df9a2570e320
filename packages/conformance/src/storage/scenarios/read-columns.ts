import { CANDLE_COLUMNS, type Candle } from '@barkeep/core';
import type { CandleQuery, IMarketDataStorage } from '@barkeep/storage';
import { assertEqual, assertRejects } from '../../assertions.ts';
import { KEY, minute, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertRead } from '../stored-state.ts';

/** Enough for several blocks of any storage, with some candles replaced and a hole. */
const STORED = [
  ...sampleMinutes(0, 700),
  ...sampleMinutes(700, 720, 1),
  ...sampleMinutes(720, 1_500),
  ...sampleMinutes(2_000, 2_010),
];

const QUERIES: Readonly<Record<string, Omit<CandleQuery, 'symbol' | 'timeframe'>>> = {
  all: {},
  range: { from: minute(690), to: minute(2_005) },
  first: { from: minute(10), limit: 7 },
  last: { limit: 300 },
  'last-before-to': { to: minute(1_400), limit: 1_000 },
  nothing: { from: minute(1_600), to: minute(1_700) },
};

export const readColumnsScenarios: readonly StorageScenario[] = [
  ...Object.entries(QUERIES).map(([key, query]) =>
    scenario(
      `read-columns/${key}`,
      `columns are those that read gives: ${key}`,
      async (storage) => {
        await storeSample(storage);
        for (const column of CANDLE_COLUMNS) await assertColumns(storage, query, [column]);
        await assertColumns(storage, query, ['timestamp', 'close']);
        await assertColumns(storage, query, [
          'volume',
          'high',
          'low',
          'open',
          'timestamp',
          'close',
        ]);
      },
    ),
  ),
  scenario(
    'read-columns/unknown-series',
    'an unknown series has empty columns',
    async (storage) => {
      const answer = await storage.candles.readColumns({ ...KEY }, ['open']);
      assertEqual(answer, { open: new Float64Array(0) }, 'the answer');
    },
  ),
  scenario('read-columns/limit-zero', 'limit 0 gives empty columns', async (storage) => {
    await storeSample(storage);
    const answer = await storage.candles.readColumns({ ...KEY, limit: 0 }, ['low', 'high']);
    assertEqual(answer, { low: new Float64Array(0), high: new Float64Array(0) }, 'the answer');
  }),
  scenario('read-columns/own-memory', 'a caller can keep and change an answer', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    const { close, volume } = await storage.candles.readColumns({ ...KEY }, ['close', 'volume']);
    close.fill(-1);
    volume.fill(-2);
    assertEqual(close, new Float64Array(10).fill(-1), 'a column, when another one is changed');
    await assertRead(storage, { ...KEY }, sampleMinutes(0, 10), 'after an answer was changed');
  }),
  scenario('read-columns/invalid', 'bad columns are refused', async (storage) => {
    const read = (columns: unknown) =>
      storage.candles.readColumns({ ...KEY }, columns as readonly (keyof Candle)[]);
    for (const [field, columns] of [
      ['columns', []],
      ['columns', 'close'],
      ['columns[0]', ['price']],
      ['columns[1]', ['close', 'close']],
    ] as const) {
      await assertRejects(() => read(columns), 'INVALID_INPUT', `columns ${columns}`, { field });
    }
  }),
];

async function assertColumns(
  storage: IMarketDataStorage,
  query: Omit<CandleQuery, 'symbol' | 'timeframe'>,
  columns: readonly (keyof Candle)[],
): Promise<void> {
  const answer = await storage.candles.readColumns({ ...KEY, ...query }, columns);
  const whole = await storage.candles.read({ ...KEY, ...query });
  const expected = Object.fromEntries(columns.map((column) => [column, whole[column]]));
  assertEqual(answer, expected, columns.join(' and '));
}

/** Written in parts, so that a storage may keep them apart. */
async function storeSample({ candles }: IMarketDataStorage): Promise<void> {
  await candles.write({ key: KEY, candles: sampleMinutes(0, 1_500) });
  await candles.write({ key: KEY, candles: STORED.slice(700, 720) });
  await candles.write({ key: KEY, candles: STORED.slice(1_500) });
}
