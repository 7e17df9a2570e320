import { KeyvCache } from '@barkeep/cache-keyv';
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import { Keyv as Keyv5 } from 'keyv-5';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { hasRedisServer, startOwnTestRedis } from '../../../tools/test-redis.ts';

describe.skipIf(!hasRedisServer())('a Redis that dies', () => {
  it.each([
    ['Keyv 5', (url: string) => new Keyv5({ store: new KeyvRedis(url) })],
    ['Keyv 6', (url: string) => new Keyv({ store: new KeyvRedis(url) })],
  ])('makes errors of writes and misses of reads until it is back, on %s', async (_, keyvOver) => {
    const redis = await startOwnTestRedis();
    onTestFinished(() => redis.stop());
    const keyv = keyvOver(redis.url);
    const cache = new KeyvCache({ keyv, ownsKeyv: true, sharing: 'multi-process', timeoutMs: 200 });
    onTestFinished(() => cache.close());
    await cache.open();
    await cache.set('key', 1, { tags: ['t'] });
    expect(await cache.get('key')).toBe(1);

    await redis.kill();
    for (const write of [
      () => cache.set('key', 2),
      () => cache.delete('key'),
      () => cache.invalidate({ tags: ['t'] }),
    ]) {
      await expect(write()).rejects.toMatchObject({ name: 'BarkeepError', retryable: true });
    }
    expect(await cache.getMany(['key', 'other'])).toEqual([undefined, undefined]);

    await redis.start();
    const works = async () => {
      await cache.set('key', 3, { tags: ['t'] });
      expect(await cache.get('key')).toBe(3);
    };
    await vi.waitFor(works, { timeout: 15_000 });
    expect(await cache.invalidate({ tags: ['t'] })).toBe(1);
    expect(await cache.get('key')).toBeUndefined();
    expect((await cache.stats()).failures).toBeGreaterThan(0);
  });
});
