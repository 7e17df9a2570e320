import {
  BarkeepError,
  type Clock,
  type EpochMs,
  identifyTrades,
  type SeriesKey,
  seriesKeyText,
} from '@barkeep/core';
import type { LiveCandle, MarketEvent } from '@barkeep/source';
import type { ExchangeMessage } from '../src/exchange/exchange-message.ts';
import type { LiveExchange, LiveStream } from '../src/exchange/exchange-router.ts';

/** An exchange that sends what a test says. */
export class ScriptedExchange implements LiveExchange {
  readonly clock: Clock;
  /** The candles in the making, which a stream begins with. */
  readonly current = new Map<string, LiveCandle>();
  isReachable = false;
  #stream: ScriptedStream | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  stream(): LiveStream {
    if (!this.isReachable) throw unavailable();
    this.#stream = new ScriptedStream(this);
    return this.#stream;
  }

  send(events: readonly MarketEvent[]): void {
    this.#stream?.messages.push(...events.flatMap(messagesOf));
  }

  /** The open stream falls silent. */
  cut(): void {
    this.isReachable = false;
    this.#stream?.end();
  }

  /** The open stream is known to be lost. */
  reset(): void {
    if (this.#stream !== undefined) this.#stream.isReset = true;
  }
}

class ScriptedStream implements LiveStream {
  readonly messages: ExchangeMessage[] = [];
  isReset = false;
  readonly #exchange: ScriptedExchange;
  #endsAt: EpochMs = Number.POSITIVE_INFINITY;

  constructor(exchange: ScriptedExchange) {
    this.#exchange = exchange;
  }

  get deliveredUntil(): EpochMs {
    return Math.min(this.#exchange.clock.now(), this.#endsAt);
  }

  watch(key: SeriesKey): void {
    const live = this.#exchange.current.get(seriesKeyText(key));
    if (live !== undefined) this.messages.push({ type: 'candle', ...live });
  }

  receive(): ExchangeMessage[] {
    if (this.isReset) throw unavailable();
    return this.messages.splice(0);
  }

  end(): void {
    this.#endsAt = Math.min(this.#endsAt, this.#exchange.clock.now());
  }
}

function messagesOf(event: MarketEvent): ExchangeMessage[] {
  if (event.type === 'candle') return [structuredClone({ type: 'candle', ...event.live })];
  if (event.type !== 'trades') return [structuredClone(event)];
  const { symbol, trades } = event;
  return identifyTrades(trades).map((trade) => ({ type: 'trade', symbol, trade: { ...trade } }));
}

function unavailable(): BarkeepError {
  return new BarkeepError('UNAVAILABLE', 'the connection was reset', { retryable: true });
}
