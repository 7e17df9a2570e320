import { BarkeepError } from '@barkeep/core';
import { Cluster, Redis } from 'ioredis';
import { endConnection } from './end-connection.ts';
import { redisFailure } from './redis-failure.ts';
import type { RedisConnectionOptions, RedisTarget } from './redis-realtime-options.ts';

export interface RedisLinkOptions {
  readonly target: RedisTarget;
  readonly commandTimeoutMs: number;
  readonly maxRetriesPerRequest: number;
}

const LONGEST_RETRY_PAUSE_MS = 1_000;
const DISCONNECT_TIMEOUT_MS = 500;

/** The way to Redis: a client of our own, or one that was given and is left as it was. */
export class RedisLink {
  readonly client: Redis | Cluster;
  readonly #isOwn: boolean;
  #lastError: unknown;
  readonly #options: RedisLinkOptions;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    const { target } = options;
    this.#isOwn = target.kind !== 'client';
    this.client = target.kind === 'client' ? target.client : this.#connectOwn(target);
  }

  get isCluster(): boolean {
    return this.client.isCluster;
  }

  /** @throws BarkeepError `UNAVAILABLE`, `TIMEOUT`, `CANNOT_OPEN`; what was acquired is released. */
  async open(): Promise<void> {
    try {
      await this.#within(this.#greet());
    } catch (error) {
      await this.close();
      throw redisFailure(this.#lastError ?? error);
    }
  }

  async close(): Promise<void> {
    if (this.#isOwn) await endConnection(this.client);
  }

  /** Every server that has keys of its own. */
  masters(): readonly Redis[] {
    const { client } = this;
    return isCluster(client) ? client.nodes('master') : [client];
  }

  /** A connection of its own to one server, not yet connected. It does not reconnect by itself. */
  listener(): Redis {
    const masters = this.masters();
    const one = masters[Math.floor(Math.random() * masters.length)];
    const options: RedisConnectionOptions = {
      lazyConnect: true,
      retryStrategy: () => null,
      enableOfflineQueue: true,
      autoResubscribe: false,
      maxRetriesPerRequest: 0,
      connectTimeout: this.#options.commandTimeoutMs,
      disconnectTimeout: DISCONNECT_TIMEOUT_MS,
      enableReadyCheck: false,
      readOnly: false,
    };
    // Without a master in sight the attempt fails, and the next one may see it.
    return one === undefined ? new Redis({ ...options, port: 1 }) : one.duplicate(options);
  }

  async #greet(): Promise<void> {
    if (this.#isOwn) await this.client.connect();
    await this.client.ping();
  }

  #connectOwn(target: Exclude<RedisTarget, { kind: 'client' }>): Redis | Cluster {
    const common: RedisConnectionOptions = {
      ...target.redisOptions,
      lazyConnect: true,
      connectTimeout: this.#options.commandTimeoutMs,
      // A connection that answers nothing is dead, and another one may not be.
      socketTimeout: this.#options.commandTimeoutMs,
      disconnectTimeout: DISCONNECT_TIMEOUT_MS,
      maxRetriesPerRequest: this.#options.maxRetriesPerRequest,
    };
    const client =
      target.kind === 'url'
        ? new Redis(target.url, { ...common, retryStrategy: retryPause })
        : new Cluster([...target.nodes], {
            lazyConnect: true,
            redisOptions: common,
            clusterRetryStrategy: retryPause,
            slotsRefreshTimeout: this.#options.commandTimeoutMs,
          });
    client.on('error', (error: unknown) => {
      this.#lastError = error;
    });
    return client;
  }

  #within<T>(work: Promise<T>): Promise<T> {
    const { commandTimeoutMs } = this.#options;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        const message = `Redis did not answer within ${commandTimeoutMs} ms`;
        reject(new BarkeepError('TIMEOUT', message));
      }, commandTimeoutMs);
      work.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }
}

function isCluster(client: Redis | Cluster): client is Cluster {
  return client.isCluster;
}

function retryPause(times: number): number {
  return Math.min(50 * 2 ** (times - 1), LONGEST_RETRY_PAUSE_MS);
}
