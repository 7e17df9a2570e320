import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Candle, ManualClock } from '@barkeep/core';
import { type CandleCacheConfig, createMarketData } from '@barkeep/market-data';
import { expect, it, onTestFinished, vi } from 'vitest';
import { KEY, MINUTE, minutes, NOON } from './fixtures.ts';

function flat(minute: number, price: number): Candle {
  return {
    timestamp: minutes(minute),
    open: price,
    high: price,
    low: price,
    close: price,
    volume: 1,
  };
}

async function openTwo(candleCache: CandleCacheConfig = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'barkeep-market-data-'));
  const clock = new ManualClock(NOON + MINUTE / 2);
  const storage = `sqlite:${join(directory, 'market_data.sqlite3')}?changePollMs=100`;
  const one = await createMarketData({ storage, clock, candleCache });
  const two = await createMarketData({ storage, clock, candleCache });
  onTestFinished(async () => {
    await one.close();
    await two.close();
    await rm(directory, { recursive: true, force: true });
  });
  return { clock, one, two };
}

it('services on one database see what the other wrote once the change feed has told', async () => {
  const { clock, one, two } = await openTwo();
  const query = { ...KEY, limit: 5 };
  for (let price = 1; price <= 5; price += 1) {
    await one.saveCandles(KEY, [flat(-2, price), flat(-1, price)]);
    await vi.waitFor(async () => {
      clock.advance(100);
      const { series } = await two.getCandles(query);
      expect(Array.from(series.close)).toEqual([price, price]);
    });
    expect((await two.getCandles(query)).origins).toMatchObject({ cache: 2 });
  }
});

it('a candle the other one covered never passes for a period without trades', async () => {
  const { one, two } = await openTwo({ pagePeriods: 5 });
  const query = { ...KEY, from: minutes(-10), to: minutes(0) };
  await one.saveCandles(KEY, [flat(-9, 1), flat(-4, 1)], {
    covers: { from: minutes(-10), to: minutes(-5) },
  });
  const before = await two.getCandles(query);
  expect(before.missing).toEqual([{ from: minutes(-5), to: minutes(0) }]);
  await one.saveCandles(KEY, [flat(-2, 1)], { covers: { from: minutes(-5), to: minutes(0) } });
  // A write of its own has the second service read the coverage again, before the feed has told.
  await two.saveCandles(KEY, [flat(-8, 1)], { covers: { from: minutes(-8), to: minutes(-7) } });
  const { series, missing } = await two.getCandles(query);
  expect(missing).toEqual([]);
  expect(Array.from(series.timestamp)).toEqual([-9, -8, -4, -2].map(minutes));
});
