/** A UTC instant as milliseconds since 1970-01-01T00:00:00Z: a safe integer. */
export type EpochMs = number;

/** The last instant candles, tickers, books and trades may carry: 9999-12-31T23:59:59.999Z. */
export const MAX_EPOCH_MS: EpochMs = 253_402_300_799_999;

const SECONDS_LOOKALIKE_FROM = 1_000_000_000;
const SECONDS_LOOKALIKE_TO = 10_000_000_000;

/**
 * A rule a timestamp broke, in words; `undefined` when it broke none. The stretch in which today's
 * epoch seconds would lie, 1970-01-12T13:46:40Z to 1970-04-26T17:46:40Z, is refused: a mix-up of
 * units is far likelier than a candle from those weeks.
 */
export function epochMsFault(value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) return 'must be an integer';
  if (value < 0 || Object.is(value, -0)) return 'must not be negative';
  if (value > Number.MAX_SAFE_INTEGER) return 'must be at most 2^53 - 1';
  if (value > MAX_EPOCH_MS) {
    return 'must be epoch milliseconds before the year 10000 (it looks like micro- or nanoseconds)';
  }
  if (value >= SECONDS_LOOKALIKE_FROM && value < SECONDS_LOOKALIKE_TO) {
    return 'must be epoch milliseconds (it looks like epoch seconds: multiply by 1000)';
  }
  return undefined;
}
