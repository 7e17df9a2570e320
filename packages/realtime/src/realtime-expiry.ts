import { invalidInput, onlyKnownKeys } from '@barkeep/core';

/** How long each kind of realtime value lives after it was stored, in milliseconds. */
export interface RealtimeExpiry {
  readonly tickerMs: number;
  readonly orderBookMs: number;
  readonly tradesMs: number;
}

/** Tickers five minutes, order books thirty seconds, trades ten minutes. */
export const DEFAULT_REALTIME_EXPIRY: RealtimeExpiry = Object.freeze({
  tickerMs: 300_000,
  orderBookMs: 30_000,
  tradesMs: 600_000,
});

const KINDS = ['tickerMs', 'orderBookMs', 'tradesMs'] as const;

/**
 * The given expiries, and the defaults for the rest.
 * @throws BarkeepError `INVALID_INPUT` unless each is a number above 0; `Infinity` means never.
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
