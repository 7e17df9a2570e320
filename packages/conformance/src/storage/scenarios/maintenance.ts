import type { IMarketDataStorage, IStorageMaintenance, VacuumReport } from '@barkeep/storage';
import { assertEqual, assertRejects, assertTrue } from '../../assertions.ts';
import { KEY, minute, OTHER_KEY, sampleMinutes, storeMuch } from '../sample-candles.ts';
import { partScenario, type StorageContext, type StorageScenario } from '../storage-scenario.ts';
import { answersOf, assertSound, listen } from '../stored-state.ts';

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
  declared('explain', 'explain tells what compact then does', async (maintenance, storage) => {
    assertEqual(await maintenance.explain(), NOTHING, 'what there is to do in an empty storage');
    assertEqual(await maintenance.compact(), NOTHING, 'what is done there');
    await storeMuch(storage);
    const explained = await maintenance.explain();
    const before = await answersOf(storage);
    const events = listen(storage);
    assertEqual(await maintenance.explain(), explained, 'the same when asked again');
    assertEqual(await maintenance.compact(), explained, 'what compact did');
    assertEqual(await answersOf(storage), before, 'the answers after it');
    assertEqual(events, [], 'the events');
    await assertSound(storage, 'after it');
    const { segmentsAfter, rowsAfter, bytesAfter } = explained;
    const settled = {
      series: 0,
      segmentsBefore: segmentsAfter,
      segmentsAfter,
      rowsBefore: rowsAfter,
      rowsAfter,
      bytesBefore: bytesAfter,
      bytesAfter,
    };
    assertEqual(await maintenance.explain(), settled, 'what it would do a second time');
    assertEqual(await maintenance.compact(), settled, 'what it does a second time');
  }),
  declared('filter', 'a filter leaves other series alone', async (maintenance, storage) => {
    await storeMuch(storage);
    const other = await maintenance.explain({ symbol: OTHER_KEY.symbol });
    await maintenance.compact({ ...KEY });
    assertEqual(await maintenance.explain({ symbol: OTHER_KEY.symbol }), other, 'the other series');
    assertEqual(await maintenance.explain({ symbol: 'never' }), NOTHING, 'a series that is not');
  }),
  declared('meanwhile', 'writes and reads go on meanwhile', async (maintenance, storage) => {
    await storeMuch(storage);
    const compacting = maintenance.compact();
    const count = async () => (await storage.candles.read({ ...KEY, from: minute(20_000) })).length;
    for (let i = 0; i < 20; i += 1) {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(20_000 + i, 20_001 + i) });
      assertEqual(await count(), i + 1, 'the candles written meanwhile');
    }
    await compacting;
    assertEqual(await count(), 20, 'the candles written meanwhile, after it');
  }),
  declared('given-up', 'what is given up leaves all as it was', async (maintenance, storage) => {
    await storeMuch(storage);
    const before = await answersOf(storage);
    const controller = new AbortController();
    const compacting = maintenance.compact({}, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await Promise.allSettled([compacting]);
    assertEqual(await answersOf(storage), before, 'the answers after it was given up');
    await storage.candles.write({ key: KEY, candles: sampleMinutes(20_000, 20_001) });
    await maintenance.compact();
    assertEqual((await maintenance.explain()).series, 0, 'what is left to do after the next one');
  }),
  declared('space', 'no answer changes when space is given back', async (maintenance, storage) => {
    await storeMuch(storage);
    const gone = { ...KEY, symbol: 'GONE' };
    await storage.candles.write({ key: gone, candles: sampleMinutes(0, 30_000) });
    await storage.candles.remove(gone);
    const before = await answersOf(storage);
    const events = listen(storage);
    const step = await maintenance.incrementalVacuum({ pages: 3 });
    assertTrue(step.pagesBefore - step.pagesAfter <= 3, 'a step frees no more than it may');
    assertFreed(step);
    assertEqual(await answersOf(storage), before, 'the answers after a step');
    assertFreed(await maintenance.vacuum());
    const { freePages, freeRatio } = await maintenance.fragmentation();
    assertEqual([freePages, freeRatio], [0, 0], 'what is free after a vacuum');
    await maintenance.analyze();
    await maintenance.reindex();
    assertEqual(await answersOf(storage), before, 'the answers after a vacuum');
    assertEqual(events, [], 'the changes reported');
  }),
  declared('fragmentation', 'figures of space belong together', async (maintenance, storage) => {
    await storeMuch(storage);
    const { pages, freePages, freeRatio, tables } = await maintenance.fragmentation();
    assertTrue(freePages >= 0 && freePages <= pages, 'free pages are some of the pages');
    assertEqual(freeRatio, pages === 0 ? 0 : freePages / pages, 'the share of free pages');
    assertEqual(tables, undefined, 'tables that were not asked for');
    const described = (await maintenance.fragmentation({ tables: true })).tables ?? [];
    for (const { name, sequentialRatio, unusedBytes } of described) {
      const isShare = sequentialRatio >= 0 && sequentialRatio <= 1;
      assertTrue(isShare, `${name} has a share of pages in order`);
      assertTrue(unusedBytes >= 0, `${name} has unused bytes`);
    }
  }),
  declared('advice', 'what nobody has changed needs no advice', async (maintenance, storage) => {
    await storeMuch(storage);
    await answersOf(storage);
    const advice = (await maintenance.advise()).filter(({ kind }) => kind !== 'slow-query');
    assertEqual(advice, [], 'the advice');
  }),
  declared('activity', 'what is read and written is counted', async (maintenance, { candles }) => {
    await candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    await candles.write({ key: KEY, candles: sampleMinutes(-5, 1, 1) });
    await candles.write({ key: OTHER_KEY, candles: sampleMinutes(0, 3) });
    await candles.read({ ...KEY, limit: 4 });
    const { series, timeframes } = await maintenance.activity();
    const counts = series.map((one) => [
      one.key,
      [one.reads, one.candlesRead, one.writes],
      [one.inserted, one.updated, one.lateWrites],
    ]);
    const expected = [
      [KEY, [1, 4, 2], [15, 1, 1]],
      [OTHER_KEY, [0, 0, 1], [3, 0, 0]],
    ];
    assertEqual(counts, expected, 'reads and writes of the series, the hottest first');
    const written = Object.values(timeframes).reduce((sum, { inserted }) => sum + inserted, 0);
    assertEqual(written, 18, 'candles of all timeframes');
    assertEqual((await maintenance.activity({ limit: 1 })).series.length, 1, 'a limited report');
  }),
  declared('lease', 'one owner at a time holds a lease', async (maintenance, _, context) => {
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
  declared('invalid', 'bad options are refused', async (maintenance) => {
    const bad: readonly [field: string, call: () => Promise<unknown>][] = [
      ['pages', () => maintenance.incrementalVacuum({ pages: 1.5 })],
      ['tables', () => maintenance.fragmentation({ tables: 'yes' as never })],
      ['forMs', () => maintenance.lease({ name: 'work', owner: 'a', forMs: -1 })],
      ['filter', () => maintenance.compact({ symbols: 'x' } as object)],
      ['filter', () => maintenance.explain({ symbols: 'x' } as object)],
    ];
    for (const [field, call] of bad) await assertRejects(call, 'INVALID_INPUT', field, { field });
  }),
];

function declared(
  key: string,
  title: string,
  run: (
    maintenance: IStorageMaintenance,
    storage: IMarketDataStorage,
    context: StorageContext,
  ) => Promise<void>,
): StorageScenario {
  return partScenario('maintenance', key, title, run);
}

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
function assertFreed({ pagesBefore, pagesAfter, freedBytes, tookMs }: VacuumReport): void {
  assertTrue(pagesAfter <= pagesBefore, 'there are no more pages than before');
  assertEqual(freedBytes > 0, pagesAfter < pagesBefore, 'bytes are freed where pages are');
  assertTrue(tookMs >= 0, 'it took some time');
}
