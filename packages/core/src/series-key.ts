import { invalidInput } from './invalid-input.ts';
import { type Timeframe, timeframeGrid } from './timeframe.ts';

/** Identifies a series of candles. The symbol is opaque: it is compared, never parsed. */
export interface SeriesKey {
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

const MAX_SYMBOL_LENGTH = 512;

/**
 * Throws unless the key has a valid symbol and timeframe.
 * @throws BarkeepError `INVALID_INPUT` naming `symbol` or `timeframe`.
 */
export function validateSeriesKey(key: SeriesKey): void {
  if (key === null || typeof key !== 'object') {
    throw invalidInput({ field: 'key', rule: 'must be { symbol, timeframe }', value: key });
  }
  validateSymbol(key.symbol);
  timeframeGrid(key.timeframe);
}

/**
 * Throws unless the symbol is a well-formed string of 1 to 512 UTF-16 units without U+0000.
 * @throws BarkeepError `INVALID_INPUT`.
 */
export function validateSymbol(symbol: unknown): asserts symbol is string {
  const rule = symbolFault(symbol);
  if (rule !== undefined) throw invalidInput({ field: 'symbol', rule, value: symbol });
}

/** Returns a string that is unique per symbol and timeframe, for maps and cache keys. */
export function seriesKeyText(key: SeriesKey): string {
  return `${key.timeframe}:${key.symbol}`;
}

/** Returns the key that `seriesKeyText` made this string from. */
export function parseSeriesKeyText(text: string): SeriesKey {
  const colon = text.indexOf(':');
  return { symbol: text.slice(colon + 1), timeframe: text.slice(0, colon) as Timeframe };
}

function symbolFault(symbol: unknown): string | undefined {
  if (typeof symbol !== 'string') return 'must be a string';
  if (symbol === '') return 'must not be empty';
  if (symbol.length > MAX_SYMBOL_LENGTH) return `must have at most ${MAX_SYMBOL_LENGTH} characters`;
  if (symbol.includes('\0')) return 'must not contain the character U+0000';
  if (!symbol.isWellFormed()) return 'must not contain a lone surrogate';
  return undefined;
}
