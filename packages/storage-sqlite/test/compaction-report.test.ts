import { expect, it } from 'vitest';
import { minutes, openStorage, temporaryPath } from './temporary-database.ts';

const SERIES = 12;
const CANDLES = 1_000;
const ARCHIVE = { segmentCandles: 100, bulkCandles: 50, keepRows: 1 } as const;
const keyOf = (i: number) => ({ symbol: `S${i}`, timeframe: '1m' }) as const;

async function filledPath(archive: typeof ARCHIVE | 'off'): Promise<string> {
  const path = temporaryPath();
  const storage = await openStorage(path, { archive, readers: 0 });
  await storage.candles.write(
    Array.from({ length: SERIES }, (_, i) => ({ key: keyOf(i), candles: minutes(0, CANDLES) })),
  );
  await storage.close();
  return path;
}

it.each([
  ['into rows', ARCHIVE, 'off'],
  ['into segments', 'off', ARCHIVE],
] as const)(
  'reports what there was and what there is while another compaction is at work: %s',
  async (_, before, after) => {
    const path = await filledPath(before);
    // It compacts by itself from the moment on in which it is open.
    const storage = await openStorage(path, { archive: after, readers: 0 });
    const report = await storage.maintenance?.compact();
    const explained = await storage.maintenance?.explain();
    expect(explained).toMatchObject({
      series: 0,
      segmentsBefore: report?.segmentsAfter,
      rowsBefore: report?.rowsAfter,
      bytesBefore: report?.bytesAfter,
    });
    const isOff = after === 'off';
    expect(report?.segmentsAfter).toBe(isOff ? 0 : SERIES * 10);
    expect(report?.rowsAfter).toBe(isOff ? SERIES * CANDLES : SERIES);
    // Every series that was not as it is now was changed by the one compaction or the other.
    expect(report?.series).toBeGreaterThan(0);
    expect(report?.series).toBeLessThanOrEqual(SERIES);
    const unlike = isOff ? report?.segmentsBefore : report?.rowsBefore;
    expect(unlike).toBeGreaterThan(isOff ? 0 : SERIES);
    const nothing = await storage.maintenance?.compact();
    expect(nothing).toMatchObject({ series: 0, segmentsBefore: report?.segmentsAfter });
    for (let i = 0; i < SERIES; i += 1) {
      expect((await storage.candles.read(keyOf(i))).length).toBe(CANDLES);
    }
  },
);

it('reports the same beside writes, removals and another compaction of the same', async () => {
  const path = await filledPath('off');
  const storage = await openStorage(path, { archive: ARCHIVE, readers: 0 });
  const [report, other] = await Promise.all([
    storage.maintenance?.compact(),
    storage.maintenance?.compact({ timeframe: '1m' }),
    storage.candles.remove(keyOf(0)),
    storage.candles.write({ key: keyOf(1), candles: minutes(CANDLES, CANDLES + 10) }),
  ]);
  const now = await storage.maintenance?.explain();
  for (const one of [report, other]) {
    expect(one).toMatchObject({ segmentsAfter: now?.segmentsBefore, rowsAfter: now?.rowsBefore });
  }
});
