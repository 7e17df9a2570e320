import {
  type CandleColumn,
  COLUMN_NAMES,
  type EpochMs,
  faultInBatch,
  type Interval,
  invalidInput,
  onlyKnownKeys,
  optionalLimit,
  type SeriesKey,
  type Timeframe,
  timeframeGrid,
  validateBound,
  validateInterval,
  validateSeriesKey,
  validateSymbol,
} from '@barkeep/core';
import type { CandleQuery, CandleScan, SeriesFilter } from './candle-repository.ts';
import { refuseOtherUnits } from './refuse-other-units.ts';

/** A validated candle query with all defaults filled in, as adapters receive it. */
export interface CheckedQuery {
  readonly key: SeriesKey;
  /** A safe integer. Default: the smallest one. */
  readonly from: EpochMs;
  /** A safe integer. Default: the largest one. */
  readonly to: EpochMs;
  /** At least 1. Default: `Infinity`. */
  readonly limit: number;
  readonly take: 'first' | 'last';
}

/** All time. */
export const EVER: Interval = Object.freeze({
  from: Number.MIN_SAFE_INTEGER,
  to: Number.MAX_SAFE_INTEGER,
});

const QUERY_KEYS = ['symbol', 'timeframe', 'from', 'to', 'limit', 'take'] as const;
const SCAN_KEYS = ['symbol', 'timeframe', 'from', 'to', 'chunkSize'] as const;
const FILTER_KEYS = ['symbol', 'timeframe'] as const;
const DEFAULT_CHUNK = 16_384;

/**
 * Validates a query and fills in defaults.
 * @throws BarkeepError `INVALID_INPUT` naming the field and the rule.
 */
export function checkQuery(query: CandleQuery): CheckedQuery {
  assertQuery(query);
  const key = checkKey(query);
  refuseOtherUnits(query, key.timeframe);
  return { key, ...checkSelection(query, QUERY_KEYS, 'query') };
}

/**
 * Validates the range, `limit` and `take` of a query and fills in defaults.
 * @throws BarkeepError `INVALID_INPUT`.
 */
export function checkSelection(
  selection: Omit<CandleQuery, 'symbol' | 'timeframe'>,
  known: readonly string[],
  field: string,
): Omit<CheckedQuery, 'key'> {
  const range = checkRange(selection, known, field);
  const { from, limit, take } = selection;
  optionalLimit(limit);
  if (take !== undefined && take !== 'first' && take !== 'last') {
    throw invalidInput({ field: 'take', rule: 'must be "first" or "last"', value: take });
  }
  return {
    ...range,
    limit: limit ?? Number.POSITIVE_INFINITY,
    take: take ?? (from === undefined ? 'last' : 'first'),
  };
}

/**
 * Validates a scan and fills in defaults.
 * @throws BarkeepError `INVALID_INPUT` naming the field and the rule.
 */
export function checkScan(scan: CandleScan): CheckedQuery {
  assertQuery(scan);
  const key = checkKey(scan);
  refuseOtherUnits(scan, key.timeframe);
  const range = checkRange(scan, SCAN_KEYS, 'query');
  const chunkSize = scan.chunkSize ?? DEFAULT_CHUNK;
  if (!Number.isSafeInteger(chunkSize) || chunkSize < 1) {
    throw invalidInput({
      field: 'chunkSize',
      rule: 'must be a whole number of at least 1',
      value: chunkSize,
    });
  }
  return { key, ...range, limit: chunkSize, take: 'first' };
}

/**
 * Validates a series filter.
 * @throws BarkeepError `INVALID_INPUT` naming the field and the rule.
 */
export function checkFilter(filter: SeriesFilter): SeriesFilter {
  if (filter === null || typeof filter !== 'object') {
    throw invalidInput({ field: 'filter', rule: 'must be { symbol?, timeframe? }', value: filter });
  }
  onlyKnownKeys(filter, FILTER_KEYS, 'filter');
  if (filter.symbol !== undefined) validateSymbol(filter.symbol);
  if (filter.timeframe !== undefined) timeframeGrid(filter.timeframe);
  return filter;
}

/**
 * Validates a series key and returns a copy with symbol and timeframe only.
 * @throws BarkeepError `INVALID_INPUT`.
 */
export function checkKey(key: SeriesKey): SeriesKey {
  validateSeriesKey(key);
  return { symbol: key.symbol, timeframe: key.timeframe };
}

/**
 * Validates an interval in epoch milliseconds and returns a copy.
 * @throws BarkeepError `INVALID_INPUT`.
 */
export function checkInterval(interval: Interval, timeframe: Timeframe, field = 'range'): Interval {
  validateInterval(interval, field);
  refuseOtherUnits(interval, timeframe);
  return { from: interval.from, to: interval.to };
}

/**
 * Like `checkInterval`; returns `EVER` if there is no range.
 * @throws BarkeepError `INVALID_INPUT`.
 */
export function checkOptionalRange(range: Interval | undefined, timeframe: Timeframe): Interval {
  return range === undefined ? EVER : checkInterval(range, timeframe);
}

/**
 * Validates a list of intervals and returns copies.
 * @throws BarkeepError `INVALID_INPUT` naming the invalid one in `batch`.
 */
export function checkRanges(ranges: readonly Interval[], timeframe: Timeframe): Interval[] {
  if (!Array.isArray(ranges)) {
    throw invalidInput({ field: 'ranges', rule: 'must be an array', value: ranges });
  }
  return ranges.map((range, index) => {
    try {
      return checkInterval(range, timeframe);
    } catch (error) {
      throw faultInBatch(error, index);
    }
  });
}

/**
 * Throws unless the list has at least one name, and every name is a column and unique.
 * @throws BarkeepError `INVALID_INPUT`.
 */
export function checkColumns(columns: readonly CandleColumn[]): void {
  if (!Array.isArray(columns) || columns.length === 0) {
    throw invalidInput({ field: 'columns', rule: 'must name at least one column', value: columns });
  }
  for (const [i, column] of columns.entries()) {
    if (COLUMN_NAMES.includes(column) && columns.indexOf(column) === i) continue;
    throw invalidInput({
      field: `columns[${i}]`,
      rule: `must be one of ${COLUMN_NAMES.join(', ')}, each once`,
      value: column,
    });
  }
}

function assertQuery(query: CandleQuery | CandleScan): void {
  if (query === null || typeof query !== 'object') {
    throw invalidInput({ field: 'query', rule: 'must be { symbol, timeframe, … }', value: query });
  }
}

function checkRange(
  given: Pick<CandleQuery, 'from' | 'to'>,
  known: readonly string[],
  field: string,
): Interval {
  onlyKnownKeys(given, known, field);
  if (given.from !== undefined) validateBound(given.from, 'from');
  if (given.to !== undefined) validateBound(given.to, 'to');
  const range = { from: given.from ?? EVER.from, to: given.to ?? EVER.to };
  validateInterval(range);
  return range;
}
