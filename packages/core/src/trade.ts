import { type EpochMs, epochMsFault } from './epoch-ms.ts';
import { amountFault, numberFault } from './field-rules.ts';
import { faultPlace, type InvalidInputDetails, invalidInput } from './invalid-input.ts';

/** One execution. */
export interface Trade {
  /**
   * The exchange's id: unique within the symbol, not necessarily ordered. A string: ids exceed 2^53. Of
   * an exchange that has none, the one that `identifyTrades` makes.
   */
  readonly id: string;
  readonly timestamp: EpochMs;
  /** Any finite number: spreads, and sometimes oil, trade at zero and below. */
  readonly price: number;
  /** In the base currency. */
  readonly size: number;
  /** The taker's side; absent when the exchange does not tell it. */
  readonly side?: 'buy' | 'sell';
}

/** A trade as it is handed in: the id may be absent too. */
export interface TradeInput extends Omit<Trade, 'id' | 'side'> {
  readonly id?: string | undefined;
  readonly side?: 'buy' | 'sell' | undefined;
}

/** @throws BarkeepError `INVALID_INPUT` naming the field, the rule and the trade's index and time. */
export function validateTrade(trade: TradeInput, index?: number): void {
  const fault = faultOf(trade);
  if (fault !== undefined) throw invalidInput({ ...fault, ...faultPlace(index, trade?.timestamp) });
}

/** @throws BarkeepError `INVALID_INPUT` naming the field, the rule and the trade's index and time. */
export function validateTrades(trades: readonly TradeInput[]): void {
  if (!Array.isArray(trades)) {
    throw invalidInput({ field: 'trades', rule: 'must be an array', value: trades });
  }
  for (const [index, trade] of trades.entries()) validateTrade(trade, index);
}

/**
 * The trades of one delivery, each with an id. Where it is absent, it is made of what the trade says:
 * `~<timestamp>:<price>:<size>:<side, or ->:<n>`, in which `n` numbers the trades of the delivery that
 * say the same and have no id, from 1.
 *
 * So the same delivery gets the same ids again, in whatever order its trades come, and equal trades of
 * one delivery get different ones. Of several deliveries the one with the most equal trades counts.
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

/** What is `undefined` is as good as absent to all who read it. */
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
