import {
  type EpochMs,
  epochMsFault,
  epochMsRangeFault,
  invalidInput,
  type Timeframe,
  timeframeGrid,
} from '@barkeep/core';

/**
 * Microseconds of the years 2001 to 2128, or 1811 to 1938 if negative. Outside the years 1 to 9999
 * when read as milliseconds.
 */
const MICROSECONDS_FROM = 1e15;
const MICROSECONDS_TO = 5e15;
/** For shorter periods, being aligned proves nothing: too many instants are. */
const SHORTEST_PROOF_MS = 60_000;

/**
 * Throws if a bound looks like epoch seconds, microseconds or nanoseconds instead of milliseconds.
 * A range that reaches back to January 1970 by mistake would otherwise take hours to fetch and
 * read. Any other safe integer is allowed: 0, times before 1970, and the limits of time. A bound
 * that looks like seconds is also allowed if a period starts there, for candles of early 1970.
 *
 * @throws BarkeepError `INVALID_INPUT` naming the field and the rule.
 */
export function refuseOtherUnits(
  bounds: { readonly from?: EpochMs | undefined; readonly to?: EpochMs | undefined },
  timeframe: Timeframe = '1m',
): void {
  for (const field of ['from', 'to'] as const) {
    const value = bounds[field];
    const rule = value === undefined ? undefined : unitFault(value, timeframe);
    if (rule !== undefined) throw invalidInput({ field, rule, value });
  }
}

function unitFault(bound: number, timeframe: Timeframe): string | undefined {
  const distance = Math.abs(bound);
  if (Number.isInteger(bound) && distance > Number.MAX_SAFE_INTEGER) {
    return 'must be epoch milliseconds (it looks like epoch nanoseconds: divide by 1,000,000)';
  }
  if (distance >= MICROSECONDS_FROM && distance < MICROSECONDS_TO) {
    return 'must be epoch milliseconds (it looks like epoch microseconds: divide by 1,000)';
  }
  if (epochMsRangeFault(bound) !== undefined) return undefined;
  const rule = epochMsFault(bound);
  if (rule === undefined) return undefined;
  const grid = timeframeGrid(timeframe);
  return grid.typicalMs >= SHORTEST_PROOF_MS && grid.isAligned(bound) ? undefined : rule;
}
