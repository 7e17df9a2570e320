import {
  BarkeepError,
  type Interval,
  invalidInput,
  onlyKnownKeys,
  type SeriesKey,
} from '@barkeep/core';
import { checkKey, checkSelection } from './checked-query.ts';
import { refuseOtherUnits } from './refuse-other-units.ts';
import type { SnapshotRange, SnapshotRequest } from './series-snapshot.ts';

/** A range of a snapshot with all defaults filled in, as adapters receive it. */
export interface CheckedSnapshotRange extends Interval {
  /** Pass it to `wantsCandles`. Empty ranges and those with `limit: 0` arrive as `never`. */
  readonly candles: 'never' | 'always' | { readonly unless: string };
  /** At least 1. Default: `Infinity`. */
  readonly limit: number;
  readonly take: 'first' | 'last';
}

/** A snapshot request with all defaults filled in, as adapters receive it. */
export interface CheckedSnapshotRequest {
  readonly key: SeriesKey;
  readonly ranges: readonly CheckedSnapshotRange[];
}

const REQUEST_KEYS = ['symbol', 'timeframe', 'ranges'] as const;
const RANGE_KEYS = ['from', 'to', 'candles', 'limit', 'take'] as const;
const UNLESS_KEYS = ['unless'] as const;

/** Whether to include the candles of a range, given its current revision. */
export function wantsCandles(
  { candles }: Pick<CheckedSnapshotRange, 'candles'>,
  revision: string,
): boolean {
  return typeof candles === 'string' ? candles === 'always' : candles.unless !== revision;
}

/**
 * Validates a snapshot request and fills in defaults.
 * @throws BarkeepError `INVALID_INPUT` naming field and rule, and the position of a range in
 * `index`.
 */
export function checkSnapshotRequest(request: SnapshotRequest): CheckedSnapshotRequest {
  if (request === null || typeof request !== 'object') {
    const rule = 'must be { symbol, timeframe, ranges? }';
    throw invalidInput({ field: 'request', rule, value: request });
  }
  onlyKnownKeys(request, REQUEST_KEYS, 'request');
  const key = checkKey(request);
  const { ranges = [] } = request;
  if (!Array.isArray(ranges)) {
    throw invalidInput({ field: 'ranges', rule: 'must be an array', value: ranges });
  }
  return { key, ranges: ranges.map((range, index) => checkRangeAt(range, index, key)) };
}

function checkRangeAt(range: SnapshotRange, index: number, key: SeriesKey): CheckedSnapshotRange {
  try {
    return checkSnapshotRange(range, key);
  } catch (error) {
    if (!BarkeepError.is(error, 'INVALID_INPUT')) throw error;
    const { details, cause } = error;
    throw new BarkeepError('INVALID_INPUT', `ranges[${index}]: ${error.message}`, {
      details: { ...details, index },
      cause,
    });
  }
}

function checkSnapshotRange(range: SnapshotRange, { timeframe }: SeriesKey): CheckedSnapshotRange {
  if (range === null || typeof range !== 'object') {
    const rule = 'must be { from?, to?, candles?, limit?, take? }';
    throw invalidInput({ field: 'range', rule, value: range });
  }
  const selection = checkSelection(range, RANGE_KEYS, 'range');
  refuseOtherUnits(range, timeframe);
  return { ...selection, candles: checkWanted(range.candles) };
}

function checkWanted(candles: unknown = 'never'): CheckedSnapshotRange['candles'] {
  if (candles === 'never' || candles === 'always') return candles;
  if (candles === null || typeof candles !== 'object' || !('unless' in candles)) {
    const rule = 'must be "never", "always" or { unless }';
    throw invalidInput({ field: 'candles', rule, value: candles });
  }
  onlyKnownKeys(candles, UNLESS_KEYS, 'candles');
  const { unless } = candles;
  if (typeof unless !== 'string') {
    throw invalidInput({ field: 'unless', rule: 'must be a revision', value: unless });
  }
  return { unless };
}
