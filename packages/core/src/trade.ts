import { type EpochMs, epochMsFault } from './epoch-ms.ts';
import { amountFault, numberFault } from './field-rules.ts';
import { faultPlace, type InvalidInputDetails, invalidInput } from './invalid-input.ts';

/** A single trade. */
export interface Trade {
  /**
   * The exchange's trade id: unique per symbol, not necessarily ordered. A string, as ids may
   * exceed 2^53. For exchanges without ids, the one that `identifyTrades` derives.
   */
  readonly id: string;
  readonly timestamp: EpochMs;
  /** Any finite number. May be zero or negative, as with spreads and sometimes oil. */
  readonly price: number;
  /** In the base currency. */
  readonly size: number;
  /** The taker's side; absent if the exchange does not report it. */
  readonly side?: 'buy' | 'sell';
}

/** A trade as callers pass it in: `id` is optional. */
export interface TradeInput extends Omit<Trade, 'id' | 'side'> {
  readonly id?: string | undefined;
  readonly side?: 'buy' | 'sell' | undefined;
}

/**
 * Throws if a trade breaks a rule.
 * @throws BarkeepError `INVALID_INPUT` naming the field, the rule, and the trade's index and time.
 */
export function validateTrade(trade: TradeInput, index?: number): void {
  const fault = faultOf(trade);
  if (fault !== undefined) throw invalidInput({ ...fault, ...faultPlace(index, trade?.timestamp) });
}

/**
 * Throws if any trade of a list breaks a rule.
 * @throws BarkeepError `INVALID_INPUT` naming the field, the rule, and the trade's index and time.
 */
export function validateTrades(trades: readonly TradeInput[]): void {
  if (!Array.isArray(trades)) {
    throw invalidInput({ field: 'trades', rule: 'must be an array', value: trades });
  }
  for (const [index, trade] of trades.entries()) validateTrade(trade, index);
}

/**
 * Gives an id to every trade of one delivery that has none, derived from its content:
 * `~<timestamp>:<price>:<size>:<side, or ->:<n>`, where `n` numbers identical trades of the
 * delivery from 1.
 *
 * A repeated delivery gets the same ids, in whatever order its trades arrive, and identical trades
 * of one delivery get different ids. Across overlapping deliveries, the one with the most identical
 * trades determines their number.
 *
 * @example
 * const trade = { timestamp: Date.UTC(2026, 0, 1), price: 100, size: 0.5 };
 * const [first, second] = identifyTrades([trade, trade]);
 * first?.id; // '~1767225600000:100:0.5:-:1'
 * second?.id; // '~1767225600000:100:0.5:-:2'
 */
export function identifyTrades(trades: readonly TradeInput[]): readonly Trade[] {
  if (trades.every(isIdentified)) return trades;
  const counts = new Map<string, number>();
  return trades.map((trade) => {
    if (isIdentified(trade)) return trade;
    const { timestamp, price, size, side } = trade;
    const content = `~${timestamp}:${price}:${size}:${side ?? '-'}`;
    const n = (counts.get(content) ?? 0) + 1;
    counts.set(content, n);
    const made = { id: `${content}:${n}`, timestamp, price, size };
    return side === undefined ? made : { ...made, side };
  });
}

/** An `id` of `undefined` counts as absent. */
function isIdentified(trade: TradeInput): trade is Trade {
  return trade.id !== undefined;
}

function faultOf(trade: TradeInput): InvalidInputDetails | undefined {
  if (trade === null || typeof trade !== 'object') {
    return { field: 'trade', rule: 'must be an object', value: trade };
  }
  const { id, timestamp, price, size, side } = trade;
  if (id !== undefined && (typeof id !== 'string' || id === '')) {
    return { field: 'id', rule: 'must be a non-empty string, or absent', value: id };
  }
  const timeRule = epochMsFault(timestamp);
  if (timeRule !== undefined) return { field: 'timestamp', rule: timeRule, value: timestamp };
  const priceRule = numberFault(price);
  if (priceRule !== undefined) return { field: 'price', rule: priceRule, value: price };
  const sizeRule = amountFault(size);
  if (sizeRule !== undefined) return { field: 'size', rule: sizeRule, value: size };
  if (side === undefined || side === 'buy' || side === 'sell') return undefined;
  return { field: 'side', rule: 'must be "buy" or "sell", or absent', value: side };
}
