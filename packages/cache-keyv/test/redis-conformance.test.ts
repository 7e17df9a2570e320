import { registerCacheConformance } from '@barkeep/conformance/cache/vitest';
import { afterAll, describe } from 'vitest';
import { hasRedis, startTestRedis } from '../../../tools/test-redis.ts';
import { REDIS_VARIABLE, redisHarnesses } from './conformance-harnesses.ts';

describe.skipIf(!hasRedis())('a real Redis', async () => {
  const redis = hasRedis() ? await startTestRedis() : undefined;
  if (redis === undefined) return;
  // The processes that the suite starts inherit it.
  process.env[REDIS_VARIABLE] = redis.url;
  for (const harness of redisHarnesses) registerCacheConformance(harness);
  afterAll(() => redis.stop());
});
