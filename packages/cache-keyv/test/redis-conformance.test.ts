import { KeyvCache, type KeyvLike } from '@barkeep/cache-keyv';
import type { HarnessContext } from '@barkeep/conformance';
import { registerCacheConformance } from '@barkeep/conformance/cache/vitest';
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import { Keyv as Keyv5 } from 'keyv-5';
import { afterAll, describe } from 'vitest';
import { hasRedis, startTestRedis } from '../../../tools/test-redis.ts';

describe.skipIf(!hasRedis())('a real Redis', async () => {
  const redis = hasRedis() ? await startTestRedis() : undefined;
  if (redis === undefined) return;
  const keyvs: KeyvLike[] = [];
  const makers: Readonly<Record<string, () => KeyvLike>> = {
    'Redis on Keyv 5': () => new Keyv5({ store: new KeyvRedis(redis.url) }),
    'Redis on Keyv 6': () => new Keyv({ store: new KeyvRedis(redis.url) }),
  };

  for (const [name, make] of Object.entries(makers)) {
    const keyv = make();
    const create = ({ clock, id }: HarnessContext) =>
      new KeyvCache({ keyv, clock, namespace: id, sharing: 'multi-process', persistent: true });
    registerCacheConformance({
      name: `cache-keyv (${name})`,
      model: { runs: 15 },
      create: async (context) => create(context),
    });
    keyvs.push(keyv);
  }

  afterAll(async () => {
    for (const keyv of keyvs) await keyv.disconnect();
    await redis.stop();
  });
});
