import { registerRealtimeConformance } from '@barkeep/conformance/realtime/vitest';
import { afterAll, it } from 'vitest';
import {
  hasRedis,
  hasRedisServer,
  startTestRedis,
  startTestRedisCluster,
} from '../../../tools/test-redis.ts';

// Before the scenarios are registered, because that makes an adapter to read its capabilities.
const server = hasRedis() ? await startTestRedis() : undefined;
const cluster = hasRedisServer() ? await startTestRedisCluster() : undefined;
Object.assign(process.env, {
  BARKEEP_CONFORMANCE_REDIS: server?.url ?? '',
  BARKEEP_CONFORMANCE_REDIS_OWN: process.env['REDIS_URL'] ? '' : 'yes',
  BARKEEP_CONFORMANCE_REDIS_CLUSTER: cluster?.nodes.map(({ port }) => port).join(',') ?? '',
});
// After that, because it reads where the servers are.
const { disconnect, harnesses } = await import('./conformance-harnesses.ts');

afterAll(async () => {
  disconnect();
  await server?.stop();
  await cluster?.stop();
});

if (harnesses.length === 0) it.skip('no Redis is here', () => undefined);
for (const harness of harnesses) registerRealtimeConformance(harness);
