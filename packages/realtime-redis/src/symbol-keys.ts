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
  /** A hash: trades by their ids. */
  readonly trades: string;
  /** A sorted set of them by timestamp, whose members begin with the arrival number. */
  readonly tradesByTime: string;
  /** A sorted set of their ids by arrival number. */
  readonly tradesByArrival: string;
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
