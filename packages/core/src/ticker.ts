import { type EpochMs, epochMsFault } from './epoch-ms.ts';
import { amountFault, numberFault } from './field-rules.ts';
import { faultPlace, type InvalidInputDetails, invalidInput } from './invalid-input.ts';
import { validateSymbol } from './series-key.ts';

/**
 * The latest state of a market, with at least one of `price`, `bid` and `ask`. Prices are in the
 * quote currency, volumes in the base currency.
 */
export interface Ticker {
  readonly symbol: string;
  /** When the exchange produced this state. */
  readonly timestamp: EpochMs;
  /** Last traded price. Absent if there was no trade or the exchange does not report it. */
  readonly price?: number;
  /** Previous close: the reference for `change` and `changeRate`. */
  readonly previousClose?: number;
  /** `price - previousClose`, signed. */
  readonly change?: number;
  /** Change as a signed ratio: 0.015 is +1.5 %. */
  readonly changeRate?: number;
  readonly open?: number;
  readonly high?: number;
  readonly low?: number;
  /**
   * Volume of the current day or the last 24 hours, as the exchange reports it, in the base
   * currency.
   */
  readonly volume?: number;
  /** The same volume in the quote currency. */
  readonly quoteVolume?: number;
  readonly bid?: number;
  readonly ask?: number;
}

/** All numeric fields of a ticker except its timestamp. */
export const TICKER_FIELDS = Object.freeze([
  'price',
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
  'symbol' | 'timestamp'
>[];

/**
 * Throws if a ticker breaks a rule.
 * @throws BarkeepError `INVALID_INPUT` naming the field, the rule, and the ticker's index and time.
 */
export function validateTicker(ticker: Ticker, index?: number): void {
  if (ticker === null || typeof ticker !== 'object') {
    const place = faultPlace(index);
    throw invalidInput({ field: 'ticker', rule: 'must be an object', value: ticker, ...place });
  }
  validateSymbol(ticker.symbol);
  const fault = faultOf(ticker);
  if (fault !== undefined) throw invalidInput({ ...fault, ...faultPlace(index, ticker.timestamp) });
}

function faultOf(ticker: Ticker): InvalidInputDetails | undefined {
  const { timestamp, price, bid, ask } = ticker;
  const timeRule = epochMsFault(timestamp);
  if (timeRule !== undefined) return { field: 'timestamp', rule: timeRule, value: timestamp };
  for (const field of TICKER_FIELDS) {
    const value = ticker[field];
    if (value === undefined) continue;
    const isAmount = field === 'volume' || field === 'quoteVolume';
    const rule = isAmount ? amountFault(value) : numberFault(value);
    if (rule !== undefined) return { field, rule, value };
  }
  if (price !== undefined || bid !== undefined || ask !== undefined) return undefined;
  return { field: 'price', rule: 'must be there, or bid or ask', value: price };
}
