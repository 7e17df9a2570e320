import { MemoryStorage } from '@barkeep/storage-memory';
import { expect, it } from 'vitest';
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
