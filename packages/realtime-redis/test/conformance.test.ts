import { registerRealtimeConformance } from '@barkeep/conformance/realtime/vitest';
import { afterAll, describe } from 'vitest';
import {
  hasRedis,
  hasRedisServer,
  startTestRedis,
  startTestRedisCluster,
} from '../../../tools/test-redis.ts';
import { RedisRealtime } from '../src/index.ts';

// Before the scenarios are registered, because that makes an adapter to read its capabilities.
const server = hasRedis() ? await startTestRedis() : undefined;
const cluster = hasRedisServer() ? await startTestRedisCluster() : undefined;
const nowhere = 'redis://127.0.0.1:1';

afterAll(async () => {
  await server?.stop();
  await cluster?.stop();
});

describe.skipIf(server === undefined)('a server', () => {
  const url = server?.url ?? nowhere;

  registerRealtimeConformance({
    name: 'realtime-redis',
    create: async ({ clock, id }) =>
      new RedisRealtime({ url, keyPrefix: `${id}:`, maxTradesPerSymbol: 60, clock }),
    model: { runs: 100 },
  });

  registerRealtimeConformance({
    name: 'realtime-redis (near-cache)',
    create: async ({ clock, id }) =>
      new RedisRealtime({
        url,
        keyPrefix: `${id}:`,
        maxTradesPerSymbol: 60,
        nearCache: { maxSymbols: 2 },
        clock,
      }),
    model: { runs: 50 },
  });
});

describe.skipIf(cluster === undefined)('a cluster', () => {
  registerRealtimeConformance({
    name: 'realtime-redis (cluster)',
    create: async ({ clock, id }) =>
      new RedisRealtime({
        nodes: cluster?.nodes ?? [{ host: '127.0.0.1', port: 1 }],
        keyPrefix: `${id}:`,
        maxTradesPerSymbol: 60,
        clock,
      }),
    model: { runs: 50 },
  });
});
