/** Which part of a symbol's data a key has. */
export type KeyKind = 'ticker' | 'orderBook' | 'trades';

/**
 * The keys of one symbol. All of them share a hash tag, so that a cluster keeps them in one slot and
 * a script may use them together.
 */
export interface SymbolKeys {
  readonly symbol: string;
  readonly tag: string;
  readonly ticker: string;
  readonly orderBook: string;
  /** A list: trades that came in the order of time. */
  readonly trades: string;
  /** A set: the ids of all trades. */
  readonly tradeIds: string;
  /** A sorted set: trades that came late, by timestamp. */
  readonly lateTrades: string;
  /** A hash: how many trades have arrived, counted since when, and how many of them are gone. */
  readonly arrivals: string;
  /**
   * When what this process wrote here last must have expired, in the time of the cache; `undefined` when
   * it wrote nothing.
   */
  readonly expiresAt: Record<KeyKind, number | undefined>;
  /** Until when the symbol need not be listed again, in that time. */
  listedUntil: number;
}
