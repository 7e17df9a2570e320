import type { AdapterScheme } from '@barkeep/core';
import type { IRealtimeCache, RealtimeAdapter } from '@barkeep/realtime';
import { RedisRealtime } from './redis-realtime.ts';
import type { RedisRealtimeOptions } from './redis-realtime-options.ts';

const scheme: AdapterScheme<IRealtimeCache> = {
  platform: 'node',
  target: { option: 'url', kind: 'url' },
  parameters: {
    keyPrefix: 'text',
    nearCache: 'switch',
    maxTradesPerSymbol: 'count',
    commandTimeoutMs: 'count',
    maxPendingCommands: 'count',
    maxRetriesPerRequest: 'count',
    heartbeatMs: 'count',
  },
  create: (options: RedisRealtimeOptions) => new RedisRealtime(options),
};

/** Makes realtime caches from `redis://<host>`, `rediss://<host>` and `redis-cluster://<host>,<host>`. */
export const redisAdapter: RealtimeAdapter = {
  kind: 'realtime',
  schemes: { redis: scheme, rediss: scheme, 'redis-cluster': scheme },
};
