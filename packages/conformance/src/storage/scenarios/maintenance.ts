import type { IMarketDataStorage, IStorageMaintenance } from '@barkeep/storage';
import { assertDefined, assertEqual, assertRejects, assertTrue } from '../../assertions.ts';
import { KEY, minute, OTHER_KEY, sampleMinutes } from '../sample-candles.ts';
import { type StorageContext, type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertSeries } from '../stored-state.ts';

const NOTHING = {
  series: 0,
  segmentsBefore: 0,
  segmentsAfter: 0,
  rowsBefore: 0,
  rowsAfter: 0,
  bytesBefore: 0,
  bytesAfter: 0,
};

export const maintenanceScenarios: readonly StorageScenario[] = [
  declared('empty', 'an empty storage has nothing to compact', async (_, maintenance) => {
    assertEqual(await maintenance.explain(), NOTHING, 'the explanation');
    assertEqual(await maintenance.compact(), NOTHING, 'the report');
  }),
  declared('same-answers', 'no answer changes by a compaction', async (storage, maintenance) => {
    await storeUntidily(storage);
    const before = await answersOf(storage);
    await maintenance.compact();
    assertEqual(await answersOf(storage), before, 'the answers after a compaction');
  }),
  declared('changes-on', 'a compacted storage takes every change', async (storage, maintenance) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10_000) });
    await maintenance.compact();
    await storage.candles.write({ key: KEY, candles: sampleMinutes(4_000, 4_010, 1) });
    await storage.candles.remove(KEY, { from: minute(5_000), to: minute(6_000) });
    await storage.candles.write({ key: KEY, candles: sampleMinutes(9_990, 10_050, 1) });
    const expected = [
      ...sampleMinutes(0, 4_000),
      ...sampleMinutes(4_000, 4_010, 1),
      ...sampleMinutes(4_010, 5_000),
      ...sampleMinutes(6_000, 9_990),
      ...sampleMinutes(9_990, 10_050, 1),
    ];
    await assertSeries(storage, KEY, expected, 'before the next compaction');
    await maintenance.compact();
    await assertSeries(storage, KEY, expected, 'after it');
  }),
  declared('again', 'a second compaction has nothing to do', async (storage, maintenance) => {
    await storeUntidily(storage);
    const { segmentsAfter, rowsAfter, bytesAfter } = await maintenance.compact();
    const settled = {
      series: 0,
      segmentsBefore: segmentsAfter,
      segmentsAfter,
      rowsBefore: rowsAfter,
      rowsAfter,
      bytesBefore: bytesAfter,
      bytesAfter,
    };
    assertEqual(await maintenance.explain(), settled, 'what it would do');
    assertEqual(await maintenance.compact(), settled, 'what it does');
  }),
  declared('explain', 'explain tells what compact then does', async (storage, maintenance) => {
    await storeUntidily(storage);
    const explained = await maintenance.explain();
    const before = await answersOf(storage);
    assertEqual(await maintenance.explain(), explained, 'the same when asked again');
    assertEqual(await maintenance.compact(), explained, 'what compact did');
    assertEqual(await answersOf(storage), before, 'the answers after it');
  }),
  declared('filter', 'a filter leaves other series alone', async (storage, maintenance) => {
    await storeUntidily(storage);
    const other = await maintenance.explain({ symbol: OTHER_KEY.symbol });
    await maintenance.compact({ ...KEY });
    assertEqual(await maintenance.explain({ symbol: OTHER_KEY.symbol }), other, 'the other series');
    assertEqual(await maintenance.explain({ symbol: 'never' }), NOTHING, 'a series that is not');
    const bad = { symbols: 'x' } as object;
    await assertRejects(() => maintenance.compact(bad), 'INVALID_INPUT', 'an unknown filter');
    await assertRejects(() => maintenance.explain(bad), 'INVALID_INPUT', 'an unknown filter');
  }),
  declared('meanwhile', 'writes and reads go on meanwhile', async (storage, maintenance) => {
    await storeUntidily(storage);
    const compacting = maintenance.compact();
    for (let i = 0; i < 20; i += 1) {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(20_000 + i, 20_001 + i) });
      const { length } = await storage.candles.read({ ...KEY, from: minute(20_000) });
      assertEqual(length, i + 1, 'the candles written meanwhile');
    }
    await compacting;
    const { length } = await storage.candles.read({ ...KEY, from: minute(20_000) });
    assertEqual(length, 20, 'the candles written meanwhile, after it');
  }),
  declared('silent', 'a compaction is no change', async (storage, maintenance) => {
    await storeUntidily(storage);
    let events = 0;
    storage.changes.subscribe(() => {
      events += 1;
    });
    await maintenance.compact();
    assertEqual(events, 0, 'the events');
  }),
  declared('in-order', 'a compacted storage is in order', async (storage, maintenance) => {
    await storeUntidily(storage);
    await maintenance.compact();
    const report = await storage.integrity?.check();
    assertTrue(report?.ok ?? true, `no problem is found: ${report?.problems[0]?.message}`);
  }),
];

function declared(
  key: string,
  title: string,
  run: (
    storage: IMarketDataStorage,
    maintenance: IStorageMaintenance,
    context: StorageContext,
  ) => Promise<void>,
): StorageScenario {
  return scenario(
    `maintenance/${key}`,
    title,
    (storage, context) =>
      run(storage, assertDefined(storage.maintenance, 'storage.maintenance'), context),
    { requires: ({ maintenance }) => (maintenance ? undefined : 'maintenance is not declared') },
  );
}

/**
 * In every way that leaves work for a compaction: small appends, late candles, holes, replacements. Not
 * so much of it that a storage would set to work by itself.
 */
async function storeUntidily({ candles, coverage }: IMarketDataStorage): Promise<void> {
  await candles.write([
    { key: KEY, candles: sampleMinutes(0, 6_000), covers: { from: minute(0), to: minute(6_000) } },
    { key: OTHER_KEY, candles: sampleMinutes(0, 10) },
  ]);
  for (let i = 6_000; i < 9_000; i += 300) {
    await candles.write({ key: KEY, candles: sampleMinutes(i, i + 300) });
  }
  await candles.write({ key: KEY, candles: sampleMinutes(100, 150, 1) });
  await candles.write({ key: KEY, candles: sampleMinutes(-700, -100) });
  await candles.write({ key: KEY, candles: sampleMinutes(-50, -40) });
  await candles.remove(KEY, { from: minute(2_000), to: minute(2_100) });
  await candles.write({ key: KEY, candles: sampleMinutes(2_050, 2_060, 1) });
  await candles.write({ key: OTHER_KEY, candles: sampleMinutes(10, 3_000) });
  await coverage.add(KEY, { from: minute(7_000), to: minute(8_000) }, { source: 'b' });
}

async function answersOf({ candles, coverage }: IMarketDataStorage): Promise<unknown> {
  const [whole, other, latest, range] = await candles.readMany([
    { ...KEY },
    { ...OTHER_KEY },
    { ...KEY, limit: 1_000 },
    { ...KEY, from: minute(-60), to: minute(2_075), limit: 2_000 },
  ]);
  const { close } = await candles.readColumns({ ...KEY, limit: 3_000 }, ['close']);
  return {
    whole: whole?.toArray(),
    other: other?.toArray(),
    latest: latest?.toArray(),
    range: range?.toArray(),
    close,
    list: await candles.list(),
    coverage: await coverage.of(KEY),
  };
}
