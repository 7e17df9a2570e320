import type { Redis } from 'ioredis';
import { endConnection } from './end-connection.ts';

export interface LiveFeedOptions {
  /** A connection of the feed's own that is not yet connected, and does not reconnect by itself. */
  readonly connect: () => Redis;
  readonly channel: string;
  /** How long connecting with subscribing may take, and each heartbeat. */
  readonly timeoutMs: number;
  readonly heartbeatMs: number;
  readonly onMessage: (message: string) => void;
  /** Everything published from now on is heard; `missed`: of what came before, something may be lost. */
  readonly onLive: (missed: boolean) => void;
  readonly onLost: () => void;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** Hears what is published on a channel, from when it is made until it is stopped. */
export class LiveFeed {
  readonly #options: LiveFeedOptions;
  #connection: Redis | undefined;
  /** For the next attempt, the next heartbeat, or the end of either's time. */
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #isLive = false;
  #missed = false;
  #isStopped = false;
  #firstAttempt: Promise<void> | undefined;
  #onFirstAttempt = (): void => undefined;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
    this.#firstAttempt = new Promise((resolve) => {
      this.#onFirstAttempt = resolve;
    });
    this.#attempt();
  }

  /** Settles when the first attempt has ended, either way; `undefined` after that. */
  get firstAttempt(): Promise<void> | undefined {
    return this.#firstAttempt;
  }

  /** Nothing is heard from now on. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const connection = this.#connection;
    this.#connection = undefined;
    clearTimeout(this.#timer);
    this.#endFirstAttempt();
    if (connection !== undefined) await endConnection(connection);
  }

  #attempt(): void {
    const { connect, channel, timeoutMs, onMessage } = this.#options;
    const connection = connect();
    this.#connection = connection;
    const isCurrent = (): boolean => this.#connection === connection;
    const onLost = (): void => {
      if (isCurrent()) this.#lose(connection);
    };
    // What an error says, the end that follows it says too.
    connection.on('error', () => undefined);
    connection.once('close', onLost);
    connection.on('message', (_, message: string) => {
      if (isCurrent()) onMessage(message);
    });
    this.#timer = setTimeout(onLost, timeoutMs);
    const subscribed = connection.connect().then(() => connection.subscribe(channel));
    subscribed.then(() => isCurrent() && this.#begin(connection, onLost), onLost);
  }

  #begin(connection: Redis, onLost: () => void): void {
    this.#isLive = true;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#options.onLive(this.#missed);
    this.#endFirstAttempt();
    this.#awaitHeartbeat(connection, onLost);
  }

  /** A connection may be dead without an end: one that misses a heartbeat is given up. */
  #awaitHeartbeat(connection: Redis, onLost: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(onLost, this.#options.timeoutMs);
      connection.ping().then(() => {
        if (this.#connection === connection) this.#awaitHeartbeat(connection, onLost);
      }, onLost);
    }, this.#options.heartbeatMs);
  }

  #lose(connection: Redis): void {
    this.#connection = undefined;
    clearTimeout(this.#timer);
    void endConnection(connection);
    const wasLive = this.#isLive;
    this.#isLive = false;
    this.#missed = true;
    if (wasLive) this.#options.onLost();
    this.#endFirstAttempt();
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => this.#attempt(), this.#pauseMs);
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
  }

  #endFirstAttempt(): void {
    this.#firstAttempt = undefined;
    this.#onFirstAttempt();
  }
}
