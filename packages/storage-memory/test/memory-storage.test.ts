import { MemoryStorage } from '@barkeep/storage-memory';
import { describe, expect, it, vi } from 'vitest';
import { candleAt, KEY, minutes, seriesOf } from './sample-series.ts';

it('says how many bytes its candles take', async () => {
  await using storage = new MemoryStorage();
  await storage.open();
  await storage.candles.write({ key: KEY, candles: seriesOf(minutes(0, 1_000)) });
  const { size } = await storage.stats();
  expect(size).toEqual({ series: 1, candles: 1_000, bytes: 48_000 });
});

it('goes on after a write that failed', async () => {
  await using storage = new MemoryStorage();
  await storage.open();
  const bad = storage.candles.write({ key: KEY, candles: [{ ...candleAt(0), volume: -1 }] });
  const good = storage.candles.write({ key: KEY, candles: [candleAt(1)] });
  await expect(bad).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  expect(await good).toEqual({ inserted: 1, updated: 0, unchanged: 0 });
});

it('shares no revision with another instance', async () => {
  const texts: string[] = [];
  for (const _ of [1, 2]) {
    await using storage = new MemoryStorage();
    await storage.open();
    const range = { from: candleAt(0).timestamp, to: candleAt(9).timestamp };
    texts.push(...(await storage.candles.revisions(KEY, [range])));
    await storage.candles.write({ key: KEY, candles: seriesOf(minutes(0, 9)) });
    texts.push(...(await storage.candles.revisions(KEY, [range])));
  }
  expect(new Set(texts).size).toBe(4);
});

/** A thousand series, and as many steps at the least in each call. */
const MANY = 1_000;

describe('lets others have the thread during', () => {
  const periods = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      from: candleAt(2 * i).timestamp,
      to: candleAt(2 * i + 1).timestamp,
    }));
  const oneByOne = Array.from({ length: MANY }, (_, i) => ({ key: KEY, candles: [candleAt(i)] }));
  const others = Array.from({ length: MANY }, (_, i) => ({ ...KEY, symbol: `OTHER-${i}` }));

  it.each<[string, (storage: MemoryStorage) => Promise<unknown>]>([
    [
      'a write of many separate covers',
      ({ candles }) => candles.write({ key: KEY, candles: [], covers: periods(MANY) }),
    ],
    ['a write of many batches', ({ candles }) => candles.write(oneByOne)],
    [
      'a write of many batches that replace what is not covered',
      ({ candles }) =>
        candles.write(
          oneByOne.map((batch) => ({ ...batch, covers: periods(1), replaces: 'uncovered' })),
        ),
    ],
    ['many reads', ({ candles }) => candles.readMany(others)],
    [
      'many snapshots',
      ({ candles }) =>
        candles.snapshots(others.map((key) => ({ ...key, ranges: [{ candles: 'always' }] }))),
    ],
  ])('%s', async (_, work) => {
    await using storage = new MemoryStorage();
    await storage.open();
    await storage.candles.write(others.map((key) => ({ key, candles: [candleAt(0)] })));
    // A millisecond passes whenever somebody looks: the thread is due to be let go at every fourth look.
    let time = 0;
    using _clock = vi.spyOn(performance, 'now').mockImplementation(() => {
      time += 1;
      return time;
    });
    let turns = 0;
    let running = true;
    const count = (): void => {
      turns += 1;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    await work(storage);
    running = false;
    expect(turns).toBeGreaterThan(MANY / 4);
  });
});
