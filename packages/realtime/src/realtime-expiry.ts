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
