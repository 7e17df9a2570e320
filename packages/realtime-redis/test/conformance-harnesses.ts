import type { HarnessContext, KeptPlace } from '@barkeep/conformance';
import type { RealtimeHarness } from '@barkeep/conformance/realtime';
import type { ManualClock } from '@barkeep/core';
import { Cluster, Redis } from 'ioredis';
import { RedisRealtime, type RedisRealtimeOptions } from '../src/index.ts';
import { ageKeys } from './server-clock.ts';

/**
 * Where the test's servers are, for the processes that the suite starts, too: a URL, and the ports of a
 * cluster on this machine with commas between them. Either may be empty.
 */
const {
  BARKEEP_CONFORMANCE_REDIS: url = '',
  BARKEEP_CONFORMANCE_REDIS_CLUSTER: ports = '',
  /** Empty where the server is not ours to make it fail. */
  BARKEEP_CONFORMANCE_REDIS_OWN: isOwn = '',
} = process.env;
const nodes = ports
  .split(',')
  .filter((port) => port !== '')
  .map((port) => ({ host: '127.0.0.1', port: Number(port) }));
const lazy = { lazyConnect: true };
const clients: (Redis | Cluster)[] = [];

export function disconnect(): void {
  for (const client of clients) client.disconnect();
}

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

const LETTERS = { tickers: 't', orderBooks: 'b', trades: 'l', entries: '' } as const;

/** Settings that make a server refuse writes, and end that. */
const REFUSALS: Readonly<Record<string, readonly [setting: string, on: string, off: string]>> = {
  'a full memory': ['maxmemory', '1', '0'],
  'a missing replica': ['min-replicas-to-write', '1', '0'],
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

/** Values expire by the server's clock. */
function harness(
  name: string,
  runs: number,
  options: RedisRealtimeOptions,
  client: Redis | Cluster,
  servers: readonly Redis[],
): RealtimeHarness {
  clients.push(client, ...servers);
  const prefixes = new WeakMap<ManualClock, Set<string>>();
  const setAll = (setting: string, value: string) =>
    Promise.all(servers.map((server) => server.config('SET', setting, value)));
  const faults = Object.fromEntries(
    Object.entries(REFUSALS).map(([fault, [setting, on, off]]) => [
      fault,
      async () => {
        await setAll(setting, on);
        return async () => void (await setAll(setting, off));
      },
    ]),
  );
  return {
    name,
    module: import.meta.url,
    model: { runs },
    create: ({ clock, id }: HarnessContext) => {
      const keyPrefix = `${id}:`;
      prefixes.set(clock, (prefixes.get(clock) ?? new Set()).add(keyPrefix));
      return new RedisRealtime({ maxTradesPerSymbol: 60, ...options, keyPrefix, clock });
    },
    advance: async (ms, clock) => {
      for (const prefix of prefixes.get(clock) ?? []) await ageKeys(servers, prefix, ms);
      clock.advance(ms);
    },
    // Real time passes too, on the server.
    timeStepMs: 2_000,
    ...(isOwn === '' ? {} : { faults }),
    damages: Object.fromEntries(
      Object.entries(SPOILS).map(([way, spoil]) => [
        way,
        ({ kind, name: symbol }: KeptPlace, { id }: HarnessContext) =>
          spoil(client, `${id}:{${symbol}}:`, LETTERS[kind]),
      ]),
    ),
  };
}

function ofServer(name: string, runs: number, options: RedisRealtimeOptions): RealtimeHarness {
  const client = new Redis(url, lazy);
  return harness(name, runs, { url, ...options }, client, [client]);
}

const nearCache = { maxSymbols: 2 };

/** In a module of its own, because processes that the suite starts read it, too. */
export const harnesses: readonly RealtimeHarness[] = [
  ...(url === ''
    ? []
    : [
        ofServer('realtime-redis', 30, {}),
        ofServer('realtime-redis (default bounds)', 10, { maxTradesPerSymbol: 1_000 }),
        ofServer('realtime-redis (near-cache)', 20, { nearCache }),
      ]),
  ...(nodes.length === 0
    ? []
    : [
        harness(
          'realtime-redis (cluster)',
          12,
          { nodes },
          new Cluster(nodes, lazy),
          nodes.map(({ host, port }) => new Redis({ host, port, ...lazy })),
        ),
      ]),
];
