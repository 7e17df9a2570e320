import {
  type EpochMs,
  type SeriesKey,
  seriesKeyText,
  type Trade,
  timeframeGrid,
} from '@barkeep/core';
import type { ExchangeMessage, TimedMessage } from './exchange-message.ts';
import { hash32 } from './seeded-random.ts';
import type { SimulatedExchange } from './simulated-exchange.ts';
import { BOOK_INTERVAL_MS } from './simulated-order-book.ts';

/** No message is sent later than this after what it tells. */
export const LONGEST_DELAY_MS = 2_000;
const USUAL_DELAY_MS = 60;
const REPEAT_AFTER_MS = 900;
/** A snapshot has the latest trades, as the REST interface would give them. */
const SNAPSHOT_TRADES = 50;
const SNAPSHOT_TRADES_MS = 600_000;

/**
 * The exchange's live stream, as it would come through a WebSocket: a snapshot of what is newly
 * watched, then what has happened since, with some messages repeated and some candles late.
 */
export class ExchangeStream {
  readonly #exchange: SimulatedExchange;
  readonly #watched = new Map<string, SeriesKey>();
  readonly #snapshots: ExchangeMessage[] = [];
  #deliveredUntil: EpochMs;
  #endsAt: EpochMs = Number.POSITIVE_INFINITY;

  constructor(exchange: SimulatedExchange) {
    this.#exchange = exchange;
    this.#deliveredUntil = exchange.clock.now();
  }

  /** Every message that was due by then has come through. */
  get deliveredUntil(): EpochMs {
    return this.#deliveredUntil;
  }

  /** Nothing comes through from now on, and nobody is told. */
  end(): void {
    this.#endsAt = Math.min(this.#endsAt, this.#exchange.clock.now());
  }

  /** Adds a series, and with it the ticker, order book and trades of its symbol. */
  watch(key: SeriesKey): void {
    if (this.#exchange.clock.now() >= this.#endsAt) return;
    if (this.#watched.has(seriesKeyText(key))) return;
    this.#watched.set(seriesKeyText(key), key);
    this.#snapshots.push(...this.#snapshot(key, this.#exchange.clock.now()));
  }

  /** Every message that has become due since the last call, in the order they were sent. */
  receive(): ExchangeMessage[] {
    const from = this.#deliveredUntil;
    const to = Math.min(this.#exchange.clock.now(), this.#endsAt);
    this.#deliveredUntil = Math.max(from, to);
    const due = this.#symbols().flatMap((symbol) => [
      ...this.#tradeMessages(symbol, from, to),
      ...this.#bookMessages(symbol, from, to),
    ]);
    due.sort((a, b) => a.at - b.at);
    return [...this.#snapshots.splice(0), ...due.map(({ message }) => message)];
  }

  #symbols(): string[] {
    return [...new Set(Array.from(this.#watched.values(), ({ symbol }) => symbol))];
  }

  #snapshot(key: SeriesKey, now: EpochMs): ExchangeMessage[] {
    const messages: ExchangeMessage[] = this.#exchange
      .trades(key.symbol, now - SNAPSHOT_TRADES_MS, now)
      .slice(-SNAPSHOT_TRADES)
      .map((trade) => ({ type: 'trade', symbol: key.symbol, trade }));
    const candle = this.#exchange.candleAsOf(key.symbol, key.timeframe, now, now);
    if (candle !== undefined) messages.push({ type: 'candle', key, candle, asOf: now - 1 });
    const ticker = this.#exchange.tickerAsOf(key.symbol, now);
    if (ticker !== undefined) messages.push({ type: 'ticker', ticker });
    const book = this.#exchange.orderBookAsOf(key.symbol, now);
    if (book !== undefined) messages.push({ type: 'orderBook', book });
    return messages;
  }

  #tradeMessages(symbol: string, from: EpochMs, to: EpochMs): TimedMessage[] {
    const messages: TimedMessage[] = [];
    for (const trade of this.#exchange.trades(symbol, from - LONGEST_DELAY_MS, to)) {
      for (const timed of this.#messagesOf(symbol, trade)) {
        if (timed.at >= from && timed.at < to) messages.push(timed);
      }
    }
    return messages;
  }

  *#messagesOf(symbol: string, trade: Trade): Generator<TimedMessage> {
    const luck = hash32(seedOfTrade(trade), 1);
    const at = trade.timestamp + 5 + (luck % USUAL_DELAY_MS);
    yield { at, message: { type: 'trade', symbol, trade } };
    if (luck % 25 === 0) {
      yield { at: at + REPEAT_AFTER_MS, message: { type: 'trade', symbol, trade } };
    }
    const asOf = trade.timestamp;
    const ticker = this.#exchange.tickerAsOf(symbol, asOf + 1);
    if (ticker !== undefined) yield { at, message: { type: 'ticker', ticker } };
    for (const key of this.#watched.values()) {
      if (key.symbol !== symbol) continue;
      const candle = this.#exchange.candleAsOf(symbol, key.timeframe, asOf, asOf + 1);
      if (candle === undefined) continue;
      const message: ExchangeMessage = { type: 'candle', key, candle, asOf };
      const late = isLastOfItsPeriod(trade, key) || luck % 15 === 1;
      yield { at: late ? at + 600 + (luck % 1_200) : at, message };
      if (luck % 20 === 2) yield { at: at + REPEAT_AFTER_MS, message };
    }
  }

  #bookMessages(symbol: string, from: EpochMs, to: EpochMs): TimedMessage[] {
    const messages: TimedMessage[] = [];
    const first = Math.ceil(from / BOOK_INTERVAL_MS) * BOOK_INTERVAL_MS;
    for (let at = first; at < to; at += BOOK_INTERVAL_MS) {
      const book = this.#exchange.orderBookAsOf(symbol, at);
      if (book !== undefined) messages.push({ at, message: { type: 'orderBook', book } });
    }
    return messages;
  }
}

function seedOfTrade(trade: Trade): number {
  return Math.round(trade.price) ^ (trade.timestamp % 2 ** 31);
}

/** Trades of the last second of a period: their candles are the ones that come after its end. */
function isLastOfItsPeriod(trade: Trade, key: SeriesKey): boolean {
  const grid = timeframeGrid(key.timeframe);
  return grid.shift(trade.timestamp) - trade.timestamp < 1_000;
}
