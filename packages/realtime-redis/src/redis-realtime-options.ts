import { invalidInput, onlyKnownKeys } from '@barkeep/core';
import type { AbstractRealtimeOptions } from '@barkeep/realtime';
import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { clusterAddress, type RedisNode } from './cluster-url.ts';

export interface RedisRealtimeOptions extends AbstractRealtimeOptions {
  /**
   * The server: `redis://user:password@host:port/db`, or `rediss://` for TLS; or some nodes of a cluster:
   * `redis-cluster://user:password@host:port,host:port`.
   */
  readonly url?: string | undefined;
  /** Some nodes of a cluster; it tells the others. */
  readonly nodes?: readonly RedisNode[] | undefined;
  /** A client of yours, which is used and never closed. Its options count instead of ours. */
  readonly client?: Redis | Cluster | undefined;
  /** More for the connections that are made here, such as `password` or `tls`. */
  readonly redisOptions?: RedisConnectionOptions | undefined;
  /** What all keys begin with. Without braces. Default: `barkeep:`. */
  readonly keyPrefix?: string | undefined;
  /** The most trades it keeps of a symbol; the first to arrive goes first. Default: 1,000. */
  readonly maxTradesPerSymbol?: number | undefined;
  /** Keeps what was read in memory too, true by the pushed updates. Default: off. */
  readonly nearCache?: boolean | { readonly maxSymbols?: number | undefined } | undefined;
  /** How long a command may take, in milliseconds. Default: 5,000. */
  readonly commandTimeoutMs?: number | undefined;
  /** The most commands under way. Default: 10,000. */
  readonly maxPendingCommands?: number | undefined;
  /** How often a connection is tried again before what waits for it fails. Default: 3. */
  readonly maxRetriesPerRequest?: number | undefined;
  /** How often the connection that hears of updates is tested, in milliseconds. Default: 5,000. */
  readonly heartbeatMs?: number | undefined;
}

/** What ioredis takes, save what would change the shape of its answers. */
export type RedisConnectionOptions = Omit<RedisOptions, 'replyMapping'>;

/** Where Redis is. */
export type RedisTarget =
  | { readonly kind: 'url'; readonly url: string; readonly redisOptions: RedisConnectionOptions }
  | {
      readonly kind: 'nodes';
      readonly nodes: readonly RedisNode[];
      readonly redisOptions: RedisConnectionOptions;
    }
  | { readonly kind: 'client'; readonly client: Redis | Cluster };

/** The options with every default filled in. */
export interface CompleteRedisOptions {
  readonly target: RedisTarget;
  readonly keyPrefix: string;
  readonly maxTradesPerSymbol: number;
  /** The most symbols of a near-cache, or `undefined` for none. */
  readonly nearSymbols: number | undefined;
  readonly commandTimeoutMs: number;
  readonly maxPendingCommands: number;
  readonly maxRetriesPerRequest: number;
  readonly heartbeatMs: number;
}

const DEFAULT_NEAR_SYMBOLS = 10_000;
/** `setTimeout` counts in 32 bits. */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

/** @throws BarkeepError `INVALID_INPUT` naming the option and the rule. */
export function completeRedisOptions(options: RedisRealtimeOptions): CompleteRedisOptions {
  return {
    target: targetOf(options),
    keyPrefix: checkedPrefix(options.keyPrefix ?? 'barkeep:'),
    maxTradesPerSymbol: whole(options.maxTradesPerSymbol ?? 1_000, 'maxTradesPerSymbol', 1),
    nearSymbols: nearSymbols(options.nearCache ?? false),
    commandTimeoutMs: timeout(options.commandTimeoutMs ?? 5_000, 'commandTimeoutMs'),
    maxPendingCommands: whole(options.maxPendingCommands ?? 10_000, 'maxPendingCommands', 1),
    maxRetriesPerRequest: whole(options.maxRetriesPerRequest ?? 3, 'maxRetriesPerRequest', 0),
    heartbeatMs: timeout(options.heartbeatMs ?? 5_000, 'heartbeatMs'),
  };
}

function targetOf({ url, nodes, client, redisOptions }: RedisRealtimeOptions): RedisTarget {
  const given = [url, nodes, client].filter((one) => one !== undefined).length;
  if (given !== 1) {
    throw invalidInput({ field: 'options', rule: 'must have one of url, nodes and client' });
  }
  if (client !== undefined) {
    if (redisOptions !== undefined) {
      const rule = 'must be absent with a client, which has its own';
      throw invalidInput({ field: 'redisOptions', rule });
    }
    return { kind: 'client', client: checkedClient(client) };
  }
  const checked = checkedRedisOptions(redisOptions ?? {});
  if (url !== undefined) return urlTarget(url, checked);
  return { kind: 'nodes', nodes: checkedNodes(nodes ?? []), redisOptions: checked };
}

function urlTarget(url: string, redisOptions: RedisConnectionOptions): RedisTarget {
  const cluster = typeof url === 'string' ? clusterAddress(url) : undefined;
  if (cluster === undefined) return { kind: 'url', url: checkedUrl(url), redisOptions };
  const { nodes, ...credentials } = cluster;
  return { kind: 'nodes', nodes, redisOptions: { ...credentials, ...redisOptions } };
}

function checkedUrl(url: string): string {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && ['redis:', 'rediss:'].includes(parsed.protocol)) {
    if (parsed.search === '') return url;
    throw invalidInput({ field: 'url', rule: 'must have no query: what it would set are options' });
  }
  // Never shown: it may have a password.
  throw invalidInput({
    field: 'url',
    rule: 'must be a redis://, rediss:// or redis-cluster:// URL',
  });
}

function checkedNodes(nodes: readonly RedisNode[]): readonly RedisNode[] {
  const isNode = (node: RedisNode): boolean =>
    typeof node?.host === 'string' && Number.isInteger(node.port) && node.port > 0;
  if (Array.isArray(nodes) && nodes.length > 0 && nodes.every(isNode)) {
    return nodes.map(({ host, port }) => ({ host, port }));
  }
  throw invalidInput({ field: 'nodes', rule: 'must be one or more { host, port }', value: nodes });
}

function checkedClient(client: Redis | Cluster): Redis | Cluster {
  if (typeof client?.evalsha !== 'function') {
    const rule = 'must be a Redis or Cluster of ioredis';
    throw invalidInput({ field: 'client', rule, value: client });
  }
  if (client.options.keyPrefix) {
    const rule = 'must have no keyPrefix of its own: give it here';
    throw invalidInput({ field: 'client', rule, value: client.options.keyPrefix });
  }
  return client;
}

function checkedRedisOptions(options: RedisConnectionOptions): RedisConnectionOptions {
  if (!options.keyPrefix) return options;
  const rule = 'must have no keyPrefix: give it beside them';
  throw invalidInput({ field: 'redisOptions', rule, value: options.keyPrefix });
}

function checkedPrefix(prefix: string): string {
  if (typeof prefix === 'string' && prefix.isWellFormed() && /^[^{}\0]+$/.test(prefix))
    return prefix;
  const rule = 'must be non-empty text without braces, which end it';
  throw invalidInput({ field: 'keyPrefix', rule, value: prefix });
}

function nearSymbols(nearCache: RedisRealtimeOptions['nearCache']): number | undefined {
  if (nearCache === false || nearCache === undefined) return undefined;
  if (nearCache === true) return DEFAULT_NEAR_SYMBOLS;
  if (nearCache === null || typeof nearCache !== 'object') {
    const rule = 'must be a boolean or { maxSymbols? }';
    throw invalidInput({ field: 'nearCache', rule, value: nearCache });
  }
  onlyKnownKeys(nearCache, ['maxSymbols'], 'nearCache');
  return whole(nearCache.maxSymbols ?? DEFAULT_NEAR_SYMBOLS, 'nearCache.maxSymbols', 1);
}

function whole(value: number, field: string, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw invalidInput({ field, rule: `must be a whole number of at least ${least}`, value });
}

function timeout(value: number, field: string): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= LONGEST_TIMEOUT_MS) return value;
  const rule = `must be a whole number of milliseconds from 1 to ${LONGEST_TIMEOUT_MS}`;
  throw invalidInput({ field, rule, value });
}
