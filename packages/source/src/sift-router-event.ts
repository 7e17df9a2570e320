import {
  type AheadBound,
  aheadOfClockFault,
  BarkeepError,
  type EpochMs,
  identifyTrades,
  refuseAheadOfClock,
  type Timeframe,
  type TradeInput,
  validateSymbol,
  validateTrade,
} from '@barkeep/core';
import type { IdentifiedEvent, RouterEvent } from './router-event.ts';
import { validateRouterEvent } from './validate-router-event.ts';

/** An event without its invalid values. */
export interface SiftedEvent {
  /** The valid part, with an id for every trade; `undefined` if nothing is valid. */
  readonly event: IdentifiedEvent | undefined;
  /** One error per dropped value. */
  readonly faults: readonly BarkeepError[];
  /**
   * How far the latest exchange timestamp in the event is ahead of the clock, in milliseconds. At
   * most 0 if the clock is right; `-Infinity` if the event has no timestamp.
   */
  readonly aheadMs: number;
  /** Whether a value was dropped because it is too far ahead of the clock. */
  readonly isTooFarAhead: boolean;
}

/**
 * Drops what is invalid or too far ahead of the clock (candles may be one period further ahead):
 * the whole event or, of a list of trades, only the invalid ones. Remaining trades get ids.
 * `streamEnded` and `connection` events are never dropped because of their time.
 */
export function siftRouterEvent(event: RouterEvent, bound: AheadBound): SiftedEvent {
  return new Sieve(bound).sift(event);
}

class Sieve {
  readonly #bound: AheadBound;
  readonly #faults: BarkeepError[] = [];
  #aheadMs = Number.NEGATIVE_INFINITY;
  #isTooFarAhead = false;

  constructor(bound: AheadBound) {
    this.#bound = bound;
  }

  sift(event: RouterEvent): SiftedEvent {
    const right = this.#attempt(() => this.#right(event));
    return {
      event: right,
      faults: this.#faults,
      aheadMs: this.#aheadMs,
      isTooFarAhead: this.#isTooFarAhead,
    };
  }

  #right(event: RouterEvent): IdentifiedEvent | undefined {
    if (!isObject(event) || event.type !== 'trades' || !Array.isArray(event.trades)) {
      validateRouterEvent(event);
      this.#refuseAhead(event);
      return event.type === 'trades' ? undefined : event;
    }
    validateSymbol(event.symbol);
    const trades = this.#rightTrades(event.trades);
    if (trades.length === 0 && this.#faults.length > 0) return undefined;
    return { ...event, trades: identifyTrades(trades) };
  }

  #rightTrades(trades: readonly TradeInput[]): readonly TradeInput[] {
    const right = trades.filter((trade, index) =>
      this.#attempt(() => {
        validateTrade(trade, index);
        this.#refuse('timestamp', trade.timestamp, undefined, index);
        return true;
      }),
    );
    return right.length === trades.length ? trades : right;
  }

  #refuseAhead(event: RouterEvent): void {
    if (event.type === 'ticker') this.#refuse('timestamp', event.ticker.timestamp);
    else if (event.type === 'orderBook') this.#refuse('timestamp', event.book.timestamp);
    else if (event.type === 'candle') {
      const { key, candle, asOf } = event.live;
      this.#refuse('timestamp', candle.timestamp, key.timeframe);
      this.#refuse('asOf', asOf);
    } else if (event.type === 'stream') {
      const { key, since: value } = event.stream;
      refuseAheadOfClock({ field: 'since', value }, this.#bound, key.timeframe);
    }
  }

  #refuse(field: string, value: EpochMs, timeframe?: Timeframe, index?: number): void {
    this.#aheadMs = Math.max(this.#aheadMs, value - this.#bound.now);
    this.#isTooFarAhead ||= aheadOfClockFault(value, this.#bound, timeframe) !== undefined;
    refuseAheadOfClock({ field, value, index }, this.#bound, timeframe);
  }

  #attempt<Value>(work: () => Value): Value | undefined {
    try {
      return work();
    } catch (error) {
      this.#faults.push(faultOf(error));
      return undefined;
    }
  }
}

/** Values with custom getters can throw anything. */
function faultOf(error: unknown): BarkeepError {
  if (BarkeepError.is(error)) return error;
  return new BarkeepError('INVALID_INPUT', `event cannot be read: ${String(error)}`, {
    details: { field: 'event', rule: 'must be readable' },
    cause: error,
  });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
