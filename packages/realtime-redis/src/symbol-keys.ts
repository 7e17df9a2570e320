import type { EpochMs } from '@barkeep/core';

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
  /** A list: trades in the order of arrival. */
  readonly trades: string;
  /** A set: the ids of these trades. */
  readonly tradeIds: string;
  /** A hash: how many trades have arrived, counted since when. */
  readonly arrivals: string;
  /** When what this process wrote here last must have expired; `undefined` when it wrote nothing. */
  readonly expiresAt: Record<KeyKind, EpochMs | undefined>;
}
