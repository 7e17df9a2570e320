/**
 * A UTC instant in milliseconds since 1970-01-01T00:00:00Z: a safe integer, negative before 1970.
 */
export type EpochMs = number;

/**
 * The earliest timestamp that candles, tickers, order books and trades may have:
 * 0001-01-01T00:00:00.000Z. Years 1 to 9999 have four digits in ISO 8601, and all files and
 * databases can store them.
 */
export const MIN_EPOCH_MS: EpochMs = -62_135_596_800_000;

/**
 * The latest timestamp that candles, tickers, order books and trades may have:
 * 9999-12-31T23:59:59.999Z.
 */
export const MAX_EPOCH_MS: EpochMs = 253_402_300_799_999;

const SECONDS_LOOKALIKE_FROM = 1_000_000_000;
const SECONDS_LOOKALIKE_TO = 10_000_000_000;

/**
 * Returns the rule a timestamp breaks, or `undefined` if it is valid.
 *
 * Rejects 1970-01-12T13:46:40Z to 1970-04-26T17:46:40Z, where current epoch seconds would fall: a
 * mix-up of units is far more likely than market data from those weeks. There is no such range
 * before 1970.
 */
export function epochMsFault(value: unknown): string | undefined {
  const fault = epochMsRangeFault(value);
  if (fault !== undefined) return fault;
  return Number(value) >= SECONDS_LOOKALIKE_FROM && Number(value) < SECONDS_LOOKALIKE_TO
    ? 'must be epoch milliseconds (it looks like epoch seconds: multiply by 1000)'
    : undefined;
}

/**
 * Like `epochMsFault`, but does not check for epoch seconds. For timestamps that are verified in
 * another way.
 */
export function epochMsRangeFault(value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) return 'must be an integer';
  if (Object.is(value, -0)) return 'must not be -0';
  if (value > Number.MAX_SAFE_INTEGER) return 'must be at most 2^53 - 1';
  if (value < Number.MIN_SAFE_INTEGER) return 'must be at least -(2^53 - 1)';
  if (value > MAX_EPOCH_MS) {
    return 'must be epoch milliseconds before the year 10000 (it looks like micro- or nanoseconds)';
  }
  if (value < MIN_EPOCH_MS) {
    return 'must be epoch milliseconds from the year 1 on (it looks like micro- or nanoseconds)';
  }
  return undefined;
}
