import type { EpochMs } from './epoch-ms.ts';
import { requiredAmount, requiredPrice, requiredTimestamp } from './field-rules.ts';
import { invalidInput } from './invalid-input.ts';

/** One execution. */
export interface Trade {
  /** The exchange's id: unique within the symbol, not necessarily ordered. A string: ids exceed 2^53. */
  readonly id: string;
  readonly timestamp: EpochMs;
  readonly price: number;
  /** In the base currency. */
  readonly size: number;
  /** The taker's side. */
  readonly side: 'buy' | 'sell';
}

/** @throws BarkeepError `INVALID_INPUT` naming the field, the rule and the trade's index. */
export function validateTrade(trade: Trade, index?: number): void {
  const where = index === undefined ? {} : { index };
  if (trade === null || typeof trade !== 'object') {
    throw invalidInput({ field: 'trade', rule: 'must be an object', value: trade, ...where });
  }
  if (typeof trade.id !== 'string' || trade.id === '') {
    throw invalidInput({
      field: 'id',
      rule: 'must be a non-empty string',
      value: trade.id,
      ...where,
    });
  }
  requiredTimestamp(trade.timestamp, 'timestamp', index);
  requiredPrice(trade.price, 'price', index);
  requiredAmount(trade.size, 'size', index);
  if (trade.side !== 'buy' && trade.side !== 'sell') {
    throw invalidInput({
      field: 'side',
      rule: 'must be "buy" or "sell"',
      value: trade.side,
      ...where,
    });
  }
}

/** @throws BarkeepError `INVALID_INPUT` naming the field, the rule and the trade's index. */
export function validateTrades(trades: readonly Trade[]): void {
  if (!Array.isArray(trades)) {
    throw invalidInput({ field: 'trades', rule: 'must be an array', value: trades });
  }
  for (const [index, trade] of trades.entries()) validateTrade(trade, index);
}
