import { type EpochMs, epochMsFault } from './epoch-ms.ts';
import { amountFault, numberFault } from './field-rules.ts';
import { faultPlace, type InvalidInputDetails, invalidInput } from './invalid-input.ts';
import { validateSymbol } from './series-key.ts';

/** The total size offered at one price. */
export interface OrderBookLevel {
  /** Any finite number. May be zero or negative, as with spreads and sometimes oil. */
  readonly price: number;
  /** In the base currency. */
  readonly size: number;
}

/** A full order book snapshot. It replaces the previous one. */
export interface OrderBook {
  readonly symbol: string;
  readonly timestamp: EpochMs;
  /** Best (highest) price first. */
  readonly bids: readonly OrderBookLevel[];
  /** Best (lowest) price first. */
  readonly asks: readonly OrderBookLevel[];
}

/**
 * Throws if an order book breaks a rule.
 * @throws BarkeepError `INVALID_INPUT` naming the field, such as `asks.price`, the level's index,
 * and the book's time.
 */
export function validateOrderBook(book: OrderBook): void {
  if (book === null || typeof book !== 'object') {
    throw invalidInput({ field: 'book', rule: 'must be an object', value: book });
  }
  validateSymbol(book.symbol);
  const { timestamp, bids, asks } = book;
  const rule = epochMsFault(timestamp);
  const fault =
    rule !== undefined
      ? { field: 'timestamp', rule, value: timestamp }
      : (sideFault(bids, 'bids', -1) ?? sideFault(asks, 'asks', 1));
  if (fault !== undefined) throw invalidInput({ ...fault, ...faultPlace(undefined, timestamp) });
}

function sideFault(
  levels: readonly OrderBookLevel[],
  side: 'bids' | 'asks',
  direction: 1 | -1,
): InvalidInputDetails | undefined {
  if (!Array.isArray(levels)) {
    return { field: side, rule: 'must be an array of { price, size }', value: levels };
  }
  let previous = Number.NaN;
  for (const [index, level] of levels.entries()) {
    if (level === null || typeof level !== 'object') {
      return { field: side, rule: 'must hold { price, size }', value: level, index };
    }
    const { price, size } = level;
    const priceRule = numberFault(price) ?? orderFault(price, previous, direction);
    if (priceRule !== undefined) {
      return { field: `${side}.price`, rule: priceRule, value: price, index };
    }
    const sizeRule = amountFault(size);
    if (sizeRule !== undefined)
      return { field: `${side}.size`, rule: sizeRule, value: size, index };
    previous = price;
  }
  return undefined;
}

function orderFault(price: number, previous: number, direction: 1 | -1): string | undefined {
  if (!(direction * (price - previous) <= 0)) return undefined;
  return `must be ${direction < 0 ? 'below' : 'above'} the level before it (${previous})`;
}
