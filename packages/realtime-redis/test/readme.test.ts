import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { runReadmeExample } from '../../../tools/readme-example.ts';
import { hasRedis, startTestRedis } from '../../../tools/test-redis.ts';

it.skipIf(!hasRedis())('has a README whose example works', async () => {
  const redis = await startTestRedis();
  const before = process.env['REDIS_URL'];
  process.env['REDIS_URL'] = redis.url;
  try {
    const printed = await runReadmeExample(resolve(import.meta.dirname, '..'));
    const lines = printed.trim().split('\n');
    expect(lines.filter((line) => line !== 'ticker')).toEqual(['stored', '151234000']);
  } finally {
    if (before === undefined) Reflect.deleteProperty(process.env, 'REDIS_URL');
    else process.env['REDIS_URL'] = before;
    await redis.stop();
  }
});
