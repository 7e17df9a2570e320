import {
  BarkeepError,
  type Clock,
  type EpochMs,
  type SeriesKey,
  seriesKeyText,
  timeframeGrid,
} from '@barkeep/core';
import { AbstractSmartRouter, type MarketEvent, type SmartRouterOptions } from '@barkeep/source';
import { EXCHANGE_SOURCE } from './exchange-coordinator.ts';
import type { ExchangeMessage } from './exchange-message.ts';

/** A connection that has been silent for so long is taken for lost: books come twice a second. */
export const LONGEST_SILENCE_MS = 10_000;

/** What the router needs of a stream. */
export interface LiveStream {
  /** When the exchange was last reached: every message that was due by then has come through. */
  readonly deliveredUntil: EpochMs;
  /** Adds a series: the state of its candle comes first. */
  watch(key: SeriesKey): void;
  /** What came since the last call. Throws when the connection is known to be lost. */
  receive(): readonly ExchangeMessage[];
  /** Nothing is wanted any more. */
  end(): void;
}

/** What the router needs of an exchange. */
export interface LiveExchange {
  readonly clock: Clock;
  /** @throws BarkeepError with `retryable` while the exchange cannot be reached. */
  stream(): LiveStream;
}

/**
 * The exchange's stream as a router: it follows series, notices when the connection has died, and
 * connects again. It moves when it is told to, by `step`.
 */
export class ExchangeRouter extends AbstractSmartRouter {
  readonly #exchange: LiveExchange;
  readonly #watched = new Map<string, SeriesKey>();
  #stream: LiveStream | undefined;

  constructor(exchange: LiveExchange, options: Omit<SmartRouterOptions, 'clock'> = {}) {
    super(EXCHANGE_SOURCE, { ...options, clock: exchange.clock });
    this.#exchange = exchange;
  }

  /** Follows a series, and with it the ticker, order book and trades of its symbol. */
  watch({ symbol, timeframe }: SeriesKey): void {
    const key: SeriesKey = { symbol, timeframe };
    if (this.#watched.has(seriesKeyText(key))) return;
    this.#watched.set(seriesKeyText(key), key);
    if (this.#stream !== undefined) this.#follow(this.#stream, key);
  }

  /** Takes what has come since the last step; connects when it is not connected. */
  step(): void {
    if (this.connection.status === 'closed') return;
    const stream = this.#stream ?? this.#connect();
    if (stream === undefined) return;
    if (this.#receive(stream) && !this.#isSilent(stream)) return;
    this.#stream = undefined;
    stream.end();
    this.lost(stream.deliveredUntil);
  }

  override close(): void {
    this.#stream?.end();
    this.#stream = undefined;
    super.close();
  }

  #connect(): LiveStream | undefined {
    try {
      this.#stream = this.#exchange.stream();
    } catch (error) {
      if (BarkeepError.is(error) && error.retryable) return undefined;
      throw error;
    }
    this.connected();
    for (const key of this.#watched.values()) this.#follow(this.#stream, key);
    return this.#stream;
  }

  /** The stream begins with the candle under way, so its period can be promised, too. */
  #follow(stream: LiveStream, key: SeriesKey): void {
    stream.watch(key);
    this.promise(key, timeframeGrid(key.timeframe).floor(this.clock.now()));
  }

  /** Whether the connection still stands, as far as it says. */
  #receive(stream: LiveStream): boolean {
    try {
      for (const message of stream.receive()) this.tryTake(eventOf(message));
      this.alive(stream.deliveredUntil);
      return true;
    } catch (error) {
      if (BarkeepError.is(error, 'UNAVAILABLE')) return false;
      throw error;
    }
  }

  #isSilent({ deliveredUntil }: LiveStream): boolean {
    return this.clock.now() - deliveredUntil > LONGEST_SILENCE_MS;
  }
}

function eventOf(message: ExchangeMessage): MarketEvent {
  switch (message.type) {
    case 'trade':
      return { type: 'trades', symbol: message.symbol, trades: [message.trade] };
    case 'candle': {
      const { key, candle, asOf } = message;
      return { type: 'candle', live: { key, candle, asOf } };
    }
    default:
      return message;
  }
}
