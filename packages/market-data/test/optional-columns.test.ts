/** Optional columns come back exactly from every tier, and what a candle lacks of them stays absent. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Candle, ManualClock } from '@barkeep/core';
import { createMarketData, type MarketDataConfig } from '@barkeep/market-data';
import { expect, it, onTestFinished, vi } from 'vitest';
import { hasRedis, startTestRedis } from '../../../tools/test-redis.ts';
import { KEY, MINUTE, minutes, NOON } from './fixtures.ts';

const DAY = { from: minutes(-2_000), to: minutes(0) };
/** Rows, segments and several pages; of two columns every value but each seventh. */
const CANDLES: readonly Candle[] = Array.from({ length: 2_000 }, (_, i) => {
  const candle = { timestamp: minutes(i - 2_000), open: 1, high: 2, low: 1, close: 2, volume: i };
  return i % 7 === 0 ? candle : { ...candle, quoteVolume: i / 3, tradeCount: i, vwap: -i / 9 };
});

type Caches = Pick<MarketDataConfig, 'cache' | 'diskCache'>;

const TIERS: readonly (readonly [
  tier: 'cache' | 'disk' | 'storage',
  name: string,
  caches: Caches,
])[] = [
  ['storage', 'the database', { cache: false }],
  ['cache', 'memory', { cache: 'memory:' }],
  ['cache', 'memory, encoded', { cache: 'memory:?encodeAboveBytes=0' }],
  ['cache', 'a Keyv map', { cache: 'keyv:' }],
  ['disk', 'the disk', { cache: false, diskCache: 'disk:<directory>/pages' }],
];

it.each(TIERS)('come back from %s: %s', async (tier, _, caches) => {
  await expectAll(tier, caches);
});

it.skipIf(!hasRedis())('come back from Redis, over Keyv', async () => {
  const redis = await startTestRedis();
  onTestFinished(() => redis.stop());
  await expectAll('disk', { cache: false, diskCache: `keyv:${redis.url}` });
});

async function expectAll(
  tier: 'cache' | 'disk' | 'storage',
  { cache, diskCache }: Caches,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'barkeep-columns-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const clock = new ManualClock(NOON + MINUTE / 2);
  const service = await createMarketData({
    storage: `sqlite:${join(directory, 'market_data.sqlite3')}`,
    cache,
    diskCache: String(diskCache).replace('<directory>', directory),
    ...(diskCache === undefined && { diskCache: undefined }),
    candleCache: { maxAnswers: 0 },
    clock,
  });
  onTestFinished(() => service.close());
  await service.saveCandles(KEY, CANDLES, { covers: DAY });
  await service.storage.maintenance?.compact();
  await service.getCandles({ ...KEY, ...DAY });
  // Pages go to the disk when there is time.
  await vi.waitFor(async () => {
    const { series, origins } = await service.getCandles({ ...KEY, ...DAY });
    expect(series.toArray()).toEqual(CANDLES);
    expect(origins[tier]).toBeGreaterThan(900);
  });
  expect(await service.storage.candles.readColumns({ ...KEY, limit: 2 }, ['quoteVolume'])).toEqual({
    quoteVolume: Float64Array.of(1_998 / 3, 1_999 / 3),
  });
}
