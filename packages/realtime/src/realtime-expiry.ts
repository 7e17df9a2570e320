import { invalidInput, onlyKnownKeys } from '@barkeep/core';

/** TTL of each kind of realtime value, in milliseconds, counted from when it was stored. */
export interface RealtimeExpiry {
  readonly tickerMs: number;
  readonly orderBookMs: number;
  readonly tradesMs: number;
}

/** Default TTLs: tickers 5 minutes, order books 30 seconds, trades 10 minutes. */
export const DEFAULT_REALTIME_EXPIRY: RealtimeExpiry = Object.freeze({
  tickerMs: 300_000,
  orderBookMs: 30_000,
  tradesMs: 600_000,
});

const KINDS = ['tickerMs', 'orderBookMs', 'tradesMs'] as const;

/**
 * Fills in default TTLs.
 * @throws BarkeepError `INVALID_INPUT` unless each is a number above 0; `Infinity` never expires.
 */
export function completeExpiry(given: Partial<RealtimeExpiry> = {}): RealtimeExpiry {
  onlyKnownKeys(given, KINDS, 'expiry');
  for (const kind of KINDS) {
    const value = given[kind];
    if (value === undefined || (typeof value === 'number' && value > 0)) continue;
    const rule = 'must be a number of milliseconds above 0';
    throw invalidInput({ field: `expiry.${kind}`, rule, value });
  }
  return Object.freeze({
    tickerMs: given.tickerMs ?? DEFAULT_REALTIME_EXPIRY.tickerMs,
    orderBookMs: given.orderBookMs ?? DEFAULT_REALTIME_EXPIRY.orderBookMs,
    tradesMs: given.tradesMs ?? DEFAULT_REALTIME_EXPIRY.tradesMs,
  });
}
