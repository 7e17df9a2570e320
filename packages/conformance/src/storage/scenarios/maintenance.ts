import type { IMarketDataStorage, IStorageMaintenance, VacuumReport } from '@barkeep/storage';
import { assertDefined, assertEqual, assertRejects, assertTrue } from '../../assertions.ts';
import { KEY, minute, OTHER_KEY, sampleMinutes } from '../sample-candles.ts';
import {
  type StorageContext,
  type StorageScenario,
  scenario,
  whereDeclared,
} from '../storage-scenario.ts';
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
    assertEqual(await maintenance.explain(), NOTHING, 'what there is to do in an empty storage');
    assertEqual(await maintenance.compact(), NOTHING, 'what is done there');
    await storeUntidily(storage);
    const explained = await maintenance.explain();
    const before = await answersOf(storage);
    const events: unknown[] = [];
    storage.changes.subscribe((event) => events.push(event));
    assertEqual(await maintenance.explain(), explained, 'the same when asked again');
    assertEqual(await maintenance.compact(), explained, 'what compact did');
    assertEqual(await answersOf(storage), before, 'the answers after it');
    assertEqual(events, [], 'the events');
    const problems = (await storage.integrity?.check())?.problems ?? [];
    assertEqual(problems, [], 'problems that an integrity check finds');
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
  declared('space', 'no answer changes when space is given back', async (storage, maintenance) => {
    await storeUntidily(storage);
    await storage.candles.write({
      key: { ...KEY, symbol: 'GONE' },
      candles: sampleMinutes(0, 30_000),
    });
    await storage.candles.remove({ ...KEY, symbol: 'GONE' });
    await storage.metadata.set('note', { text: 'kept' });
    const before = await answersOf(storage);
    const events: unknown[] = [];
    storage.changes.subscribe((event) => events.push(event));
    const step = await maintenance.incrementalVacuum({ pages: 3 });
    assertTrue(step.pagesBefore - step.pagesAfter <= 3, 'a step frees no more than it may');
    assertSound(step);
    assertEqual(await answersOf(storage), before, 'the answers after a step');
    assertSound(await maintenance.vacuum());
    const { freePages, freeRatio } = await maintenance.fragmentation();
    assertEqual([freePages, freeRatio], [0, 0], 'what is free after a vacuum');
    await maintenance.analyze();
    await maintenance.reindex();
    assertEqual(await answersOf(storage), before, 'the answers after a vacuum');
    assertEqual(await storage.metadata.get('note'), { text: 'kept' }, 'a document after it');
    assertEqual(events, [], 'the changes reported');
  }),
  declared('fragmentation', 'figures of space belong together', async (storage, maintenance) => {
    await storeUntidily(storage);
    const figures = await maintenance.fragmentation();
    const { pages, freePages, freeRatio, tables } = figures;
    assertTrue(freePages >= 0 && freePages <= pages, 'free pages are some of the pages');
    assertEqual(freeRatio, pages === 0 ? 0 : freePages / pages, 'the share of free pages');
    assertEqual(tables, undefined, 'tables that were not asked for');
    const described = (await maintenance.fragmentation({ tables: true })).tables ?? [];
    for (const { name, sequentialRatio, unusedBytes } of described) {
      assertTrue(
        sequentialRatio >= 0 && sequentialRatio <= 1,
        `${name} has a share of pages in order`,
      );
      assertTrue(unusedBytes >= 0, `${name} has unused bytes`);
    }
  }),
  declared(
    'advice',
    'a storage that nobody has changed needs no advice',
    async (storage, maintenance) => {
      await storeUntidily(storage);
      await answersOf(storage);
      const advice = (await maintenance.advise()).filter(({ kind }) => kind !== 'slow-query');
      assertEqual(advice, [], 'the advice');
    },
  ),
  declared('activity', 'what is read and written is counted', async (storage, maintenance) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    await storage.candles.write({ key: KEY, candles: sampleMinutes(-5, 1, 1) });
    await storage.candles.write({ key: OTHER_KEY, candles: sampleMinutes(0, 3) });
    await storage.candles.read({ ...KEY, limit: 4 });
    const { series, timeframes } = await maintenance.activity();
    const [hottest, other] = series;
    assertEqual(
      [hottest?.key, hottest?.reads, hottest?.candlesRead, hottest?.writes],
      [KEY, 1, 4, 2],
      'the hottest series',
    );
    assertEqual(
      [hottest?.inserted, hottest?.updated, hottest?.lateWrites],
      [15, 1, 1],
      'how it was written',
    );
    assertEqual([other?.key, other?.inserted], [OTHER_KEY, 3], 'the other series');
    const written = Object.values(timeframes).reduce((sum, { inserted }) => sum + inserted, 0);
    assertEqual(written, 18, 'candles of all timeframes');
    assertEqual((await maintenance.activity({ limit: 1 })).series.length, 1, 'a limited report');
  }),
  declared('lease', 'a lease is held by one owner at a time', async (_, maintenance, context) => {
    const ask = (owner: string, forMs = 10_000, name = 'work'): Promise<boolean> =>
      maintenance.lease({ name, owner, forMs });
    assertEqual(await ask('a'), true, 'a lease that nobody has');
    assertEqual(await ask('b'), false, 'one that another has');
    assertEqual(await ask('b', 10_000, 'other work'), true, 'a lease of another name');
    assertEqual(await ask('a', 5), true, 'one that its owner renews, for less');
    assertEqual(await runsOut(() => ask('b'), context), true, 'one that has run out');
    assertEqual(await ask('a', 0), true, 'what is not held is given back');
    assertEqual(await ask('a'), false, 'which gives nothing of another owner back');
    assertEqual(await ask('b', 0), true, 'one is given back');
    assertEqual(await ask('a'), true, 'one that was given back');
  }),
  declared('invalid', 'options that mean nothing are refused', async (_, { lease, ...others }) => {
    for (const pages of [0, -1, 1.5, Number.NaN, '5' as never]) {
      await assertRejects(() => others.incrementalVacuum({ pages }), 'INVALID_INPUT', 'pages', {
        field: 'pages',
      });
    }
    await assertRejects(
      () => others.fragmentation({ tables: 'yes' as never }),
      'INVALID_INPUT',
      'tables',
      { field: 'tables' },
    );
    const request = { name: 'work', owner: 'a', forMs: 1 };
    for (const [field, bad] of [
      ['name', { name: '' }],
      ['owner', { owner: '' }],
      ['forMs', { forMs: -1 }],
      ['forMs', { forMs: 0.5 }],
      ['request', { until: 1 }],
    ] as const) {
      const given = { ...request, ...bad };
      await assertRejects(() => lease(given), 'INVALID_INPUT', `a bad ${field}`, { field });
    }
  }),
];

/** Whether a lease of a few milliseconds is there for another owner soon, by whichever clock it goes. */
async function runsOut(ask: () => Promise<boolean>, context: StorageContext): Promise<boolean> {
  for (let turn = 0; turn < 100; turn += 1) {
    await context.advance(1);
    if (await ask()) return true;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return false;
}

/** Figures of a vacuum that belong together. */
function assertSound({ pagesBefore, pagesAfter, freedBytes, tookMs }: VacuumReport): void {
  assertTrue(pagesAfter <= pagesBefore, 'there are no more pages than before');
  assertEqual(freedBytes > 0, pagesAfter < pagesBefore, 'bytes are freed where pages are');
  assertTrue(tookMs >= 0, 'it took some time');
}

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
    whereDeclared(({ maintenance }) => maintenance, 'maintenance is not declared'),
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
