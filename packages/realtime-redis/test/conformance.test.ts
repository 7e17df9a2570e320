import type { HarnessContext, KeptPlace } from '@barkeep/conformance';
import { registerRealtimeConformance } from '@barkeep/conformance/realtime/vitest';
import type { ManualClock } from '@barkeep/core';
import { Cluster, Redis } from 'ioredis';
import { afterAll, describe } from 'vitest';
import {
  hasRedis,
  hasRedisServer,
  startTestRedis,
  startTestRedisCluster,
} from '../../../tools/test-redis.ts';
import { RedisRealtime, type RedisRealtimeOptions } from '../src/index.ts';
import { ageKeys } from './server-clock.ts';

// Before the scenarios are registered, because that makes an adapter to read its capabilities.
const server = hasRedis() ? await startTestRedis() : undefined;
const cluster = hasRedisServer() ? await startTestRedisCluster() : undefined;
const nowhere = 'redis://127.0.0.1:1';
const nodes = cluster?.nodes ?? [{ host: '127.0.0.1', port: 1 }];
const lazy = { lazyConnect: true };
const toServer = new Redis(server?.url ?? nowhere, lazy);
const toNodes = nodes.map(({ host, port }) => new Redis({ host, port, ...lazy }));
const toCluster = new Cluster([...nodes], lazy);

afterAll(async () => {
  for (const client of [toServer, ...toNodes, toCluster]) client.disconnect();
  await server?.stop();
  await cluster?.stop();
});

/** A key, and the fields and texts it has below it. */
type Spoil = (client: Redis | Cluster, base: string, letter: string) => Promise<unknown>;

/** What other programs, and other versions, may leave where a value or the trades of a symbol are. */
const SPOILS: Readonly<Record<string, Spoil>> = {
  'another type': async (client, base, letter) => {
    await client.del(base + letter);
    await client.hset(base + letter, 'foreign', 'foreign');
  },
  'other text': (client, base, letter) => client.set(base + letter, 'foreign'),
  'a value that was cut off': (client, base, letter) =>
    rewrite(client, base + letter, (text) => text.slice(0, -3)),
  'a value of another version': (client, base, letter) =>
    rewrite(client, base + letter, (text) => `2 ${text}`),
  'what looks newer than all': (client, base, letter) =>
    rewrite(client, base + letter, () => `${'9'.repeat(16)}[`),
};

async function rewrite(
  client: Redis | Cluster,
  key: string,
  change: (text: string) => string,
): Promise<void> {
  if (!key.endsWith(':l')) {
    await client.set(key, change((await client.get(key)) ?? ''), 'KEEPTTL');
    return;
  }
  for (const [i, text] of (await client.lrange(key, 0, -1)).entries()) {
    await client.lset(key, i, change(text));
  }
}

const LETTERS = { tickers: 't', orderBooks: 'b', trades: 'l', entries: '' } as const;

/** What the harnesses have in common: values expire by the server's clock. */
function harness(
  client: Redis | Cluster,
  servers: readonly Redis[],
  options: Partial<RedisRealtimeOptions>,
) {
  const prefixes = new WeakMap<ManualClock, string[]>();
  return {
    create: async ({ clock, id }: HarnessContext) => {
      const keyPrefix = `${id}:`;
      prefixes.set(clock, [...(prefixes.get(clock) ?? []), keyPrefix]);
      return new RedisRealtime({ ...options, keyPrefix, maxTradesPerSymbol: 60, clock });
    },
    advance: async (ms: number, clock: ManualClock): Promise<void> => {
      for (const prefix of prefixes.get(clock) ?? []) await ageKeys(servers, prefix, ms);
      clock.advance(ms);
    },
    // Real time passes too, on the server.
    timeStepMs: 2_000,
    damages: Object.fromEntries(
      Object.entries(SPOILS).map(([way, spoil]) => [
        way,
        ({ kind, name }: KeptPlace, { id }: HarnessContext) =>
          spoil(client, `${id}:{${name}}:`, LETTERS[kind]),
      ]),
    ),
  };
}

describe.skipIf(server === undefined)('a server', () => {
  const url = server?.url ?? nowhere;

  registerRealtimeConformance({
    name: 'realtime-redis',
    ...harness(toServer, [toServer], { url }),
    model: { runs: 100 },
  });

  registerRealtimeConformance({
    name: 'realtime-redis (near-cache)',
    ...harness(toServer, [toServer], { url, nearCache: { maxSymbols: 2 } }),
    model: { runs: 50 },
  });
});

describe.skipIf(cluster === undefined)('a cluster', () => {
  registerRealtimeConformance({
    name: 'realtime-redis (cluster)',
    ...harness(toCluster, toNodes, { nodes }),
    model: { runs: 50 },
  });
});
