import type { EpochMs } from './epoch-ms.ts';
import { requiredAmount, requiredPrice, requiredTimestamp } from './field-rules.ts';
import { invalidInput } from './invalid-input.ts';
import { validateSymbol } from './series-key.ts';

/** All that is offered at one price. */
export interface OrderBookLevel {
  readonly price: number;
  /** In the base currency. */
  readonly size: number;
}

/** A whole order book at one instant; it replaces the one before it. */
export interface OrderBook {
  readonly symbol: string;
  readonly timestamp: EpochMs;
  /** Best (highest) price first. */
  readonly bids: readonly OrderBookLevel[];
  /** Best (lowest) price first. */
  readonly asks: readonly OrderBookLevel[];
}

/** @throws BarkeepError `INVALID_INPUT` naming the field, such as `asks.price`, and the level's index. */
export function validateOrderBook(book: OrderBook): void {
  if (book === null || typeof book !== 'object') {
    throw invalidInput({ field: 'book', rule: 'must be an object', value: book });
  }
  validateSymbol(book.symbol);
  requiredTimestamp(book.timestamp, 'timestamp');
  validateSide(book.bids, 'bids', -1);
  validateSide(book.asks, 'asks', 1);
}

function validateSide(
  levels: readonly OrderBookLevel[],
  side: 'bids' | 'asks',
  direction: 1 | -1,
): void {
  if (!Array.isArray(levels)) {
    throw invalidInput({ field: side, rule: 'must be an array of { price, size }', value: levels });
  }
  let previous = Number.NaN;
  for (const [index, level] of levels.entries()) {
    if (level === null || typeof level !== 'object') {
      throw invalidInput({ field: side, rule: 'must hold { price, size }', value: level, index });
    }
    requiredPrice(level.price, `${side}.price`, index);
    requiredAmount(level.size, `${side}.size`, index);
    if (direction * (level.price - previous) <= 0) {
      const rule = `must be ${direction < 0 ? 'below' : 'above'} the level before it (${previous})`;
      throw invalidInput({ field: `${side}.price`, rule, value: level.price, index });
    }
    previous = level.price;
  }
}
