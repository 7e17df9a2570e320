import type { EpochMs } from './epoch-ms.ts';
import {
  optionalNumber,
  requiredAmount,
  requiredNumber,
  requiredTimestamp,
} from './field-rules.ts';
import { invalidInput } from './invalid-input.ts';
import { validateSymbol } from './series-key.ts';

/** The latest state of a market. Prices are in the quote currency, volumes in the base currency. */
export interface Ticker {
  readonly symbol: string;
  /** When the exchange made this state. */
  readonly timestamp: EpochMs;
  /** The last traded price. */
  readonly price: number;
  /** The price that changes are measured against: the previous close. */
  readonly previousClose?: number;
  /** `price - previousClose`: signed. */
  readonly change?: number;
  /** The change as a signed ratio: 0.015 is +1.5 %. */
  readonly changeRate?: number;
  readonly open?: number;
  readonly high?: number;
  readonly low?: number;
  /** Volume of the current day (or of 24 hours, as the exchange counts), in the base currency. */
  readonly volume?: number;
  /** The same in the quote currency. */
  readonly quoteVolume?: number;
  readonly bid?: number;
  readonly ask?: number;
}

/** Every numeric field of a ticker besides its timestamp and price. */
export const TICKER_OPTIONAL_FIELDS = Object.freeze([
  'previousClose',
  'change',
  'changeRate',
  'open',
  'high',
  'low',
  'volume',
  'quoteVolume',
  'bid',
  'ask',
] as const) satisfies readonly (keyof Ticker)[] as readonly Exclude<
  keyof Ticker,
  'symbol' | 'timestamp' | 'price'
>[];

/** @throws BarkeepError `INVALID_INPUT` naming the field and the rule. */
export function validateTicker(ticker: Ticker, index?: number): void {
  if (ticker === null || typeof ticker !== 'object') {
    const where = index === undefined ? {} : { index };
    throw invalidInput({ field: 'ticker', rule: 'must be an object', value: ticker, ...where });
  }
  validateSymbol(ticker.symbol);
  requiredTimestamp(ticker.timestamp, 'timestamp', index);
  requiredNumber(ticker.price, 'price', index);
  for (const field of TICKER_OPTIONAL_FIELDS) optionalNumber(ticker[field], field, index);
  for (const field of ['volume', 'quoteVolume'] as const) {
    if (ticker[field] !== undefined) requiredAmount(ticker[field], field, index);
  }
}
