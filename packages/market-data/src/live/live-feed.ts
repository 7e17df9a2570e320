import { BarkeepError, type Clock, type EpochMs, type Unsubscribe } from '@barkeep/core';
import {
  type CandleStream,
  type ISmartRouter,
  type RouterConnection,
  type RouterEvent,
  validateCandleStream,
  validateRouterConnection,
  validateRouterEvent,
} from '@barkeep/source';
import type { RejectedEvent, RouterStatistics } from '../market-data-statistics.ts';
import type { LiveStreams } from '../series/live-streams.ts';
import type { SeriesDirectory } from '../series/series-directory.ts';
import type { CandleRecorder } from './candle-recorder.ts';
import type { RealtimeRecorder } from './realtime-recorder.ts';

export interface LiveFeedOptions {
  readonly router: ISmartRouter;
  readonly streams: LiveStreams;
  readonly directory: SeriesDirectory;
  /** `undefined`: nothing is recorded. */
  readonly candles: CandleRecorder | undefined;
  readonly realtime: RealtimeRecorder | undefined;
  readonly clock: Clock;
}

/** Listens to the router: hands on what it tells to the recorders, and keeps track of its promises. */
export class LiveFeed {
  readonly #options: LiveFeedOptions;
  #unsubscribe: Unsubscribe | undefined;
  #lastConnection: RouterConnection;
  #events = 0;
  #rejected = 0;
  #lastRejected: RejectedEvent | undefined;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
    this.#lastConnection = { status: 'connecting', since: options.clock.now() };
  }

  get statistics(): RouterStatistics {
    const { router, streams, candles, realtime } = this.#options;
    const connection = this.#connection();
    return {
      name: router.name,
      connection,
      streams: streams.size,
      events: this.#events,
      rejected: this.#rejected,
      lastRejected: this.#lastRejected,
      candles: candles?.statistics,
      realtime: realtime?.statistics,
    };
  }

  /** @throws what the router's state breaks, or whatever its `subscribe` throws. */
  start(): void {
    const { router, candles } = this.#options;
    validateRouterConnection(router.connection);
    this.#lastConnection = router.connection;
    const unsubscribe = router.subscribe((event) => this.#hear(event));
    try {
      this.#takeStreams(router.streams);
    } catch (error) {
      unsubscribe();
      throw error;
    }
    this.#unsubscribe = unsubscribe;
    candles?.start();
  }

  /**
   * Ends listening, and resolves when what was heard is stored, or could not be.
   * @throws whatever the router throws when it should let go, after all of that.
   */
  async close(): Promise<void> {
    try {
      this.#unsubscribe?.();
    } finally {
      await Promise.all([this.#options.candles?.close(), this.#options.realtime?.close()]);
    }
  }

  /** When periods of the series that have ended are stored; `undefined` when there are none. */
  settle(text: string): Promise<void> | undefined {
    return this.#options.candles?.settle(text);
  }

  /** A router that fails to say stands as it last did. */
  #connection(): RouterConnection {
    try {
      this.#lastConnection = this.#options.router.connection;
    } catch (error) {
      this.#reject(error);
    }
    return this.#lastConnection;
  }

  #takeStreams(streams: readonly CandleStream[]): void {
    for (const stream of streams) {
      validateCandleStream(stream);
      this.#take({ type: 'stream', stream });
    }
  }

  #hear(event: RouterEvent): void {
    this.#events += 1;
    try {
      validateRouterEvent(event);
    } catch (error) {
      this.#reject(error);
      return;
    }
    this.#take(event);
  }

  #reject(error: unknown): void {
    this.#rejected += 1;
    const at = this.#options.clock.now();
    this.#lastRejected = BarkeepError.is(error)
      ? { at, message: error.message, details: error.details }
      : { at, message: String(error), details: {} };
  }

  #take(event: RouterEvent): void {
    const { candles, realtime, streams, directory } = this.#options;
    switch (event.type) {
      case 'ticker':
        realtime?.takeTicker(event.ticker);
        break;
      case 'orderBook':
        realtime?.takeOrderBook(event.book);
        break;
      case 'trades':
        realtime?.takeTrades(event.symbol, event.trades);
        break;
      case 'candle':
        candles?.take(event.live);
        directory.liveChanged(event.live.key);
        break;
      case 'stream':
        candles?.promise(event.stream);
        streams.begin(event.stream);
        break;
      case 'streamEnded':
        candles?.withdraw(event.key, this.#past(event.at));
        streams.end(event.key);
        break;
      case 'connection':
        this.#connectionChanged(event.connection);
        break;
    }
  }

  #connectionChanged(connection: RouterConnection): void {
    this.#lastConnection = connection;
    const { status, since } = connection;
    const { candles, streams, directory } = this.#options;
    directory.allLiveChanged();
    if (status === 'connected') return;
    candles?.withdrawAll(this.#past(since));
    streams.clear();
  }

  /** By a clock of its own the router may be ahead of ours; nothing can have been kept beyond now. */
  #past(instant: EpochMs): EpochMs {
    return Math.min(instant, this.#options.clock.now());
  }
}
