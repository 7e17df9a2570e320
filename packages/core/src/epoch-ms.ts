/** A UTC instant as milliseconds since 1970-01-01T00:00:00Z: a safe integer, negative before it. */
export type EpochMs = number;

/**
 * The first instant candles, tickers, books and trades may carry: 0001-01-01T00:00:00.000Z. With the
 * last one it bounds the years 1 to 9999: four digits in ISO 8601, and what files and databases take.
 */
export const MIN_EPOCH_MS: EpochMs = -62_135_596_800_000;

/** The last instant candles, tickers, books and trades may carry: 9999-12-31T23:59:59.999Z. */
export const MAX_EPOCH_MS: EpochMs = 253_402_300_799_999;

const SECONDS_LOOKALIKE_FROM = 1_000_000_000;
const SECONDS_LOOKALIKE_TO = 10_000_000_000;

/**
 * A rule a timestamp broke, in words; `undefined` when it broke none. The stretch in which today's
 * epoch seconds would lie, 1970-01-12T13:46:40Z to 1970-04-26T17:46:40Z, is refused: a mix-up of
 * units is far likelier than a tick from those weeks. It has no mirror before 1970: seconds of the
 * years 1653 to 1938 are no likelier than a tick of autumn 1969.
 */
export function epochMsFault(value: unknown): string | undefined {
  const fault = epochMsRangeFault(value);
  if (fault !== undefined) return fault;
  return Number(value) >= SECONDS_LOOKALIKE_FROM && Number(value) < SECONDS_LOOKALIKE_TO
    ? 'must be epoch milliseconds (it looks like epoch seconds: multiply by 1000)'
    : undefined;
}

/** As `epochMsFault`, without a guess at the unit: for times that have another proof of theirs. */
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
