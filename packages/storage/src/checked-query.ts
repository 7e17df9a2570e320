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

/** A candle query with every default filled in: what an adapter receives. */
export interface CheckedQuery {
  readonly key: SeriesKey;
  /** A safe integer; the smallest one when the caller gave none. */
  readonly from: EpochMs;
  /** A safe integer; the largest one when the caller gave none. */
  readonly to: EpochMs;
  /** At least 1; `Infinity` when the caller gave none. */
  readonly limit: number;
  readonly take: 'first' | 'last';
}

/** All of time. */
export const EVER: Interval = Object.freeze({
  from: Number.MIN_SAFE_INTEGER,
  to: Number.MAX_SAFE_INTEGER,
});

const QUERY_KEYS = ['symbol', 'timeframe', 'from', 'to', 'limit', 'take'] as const;
const SCAN_KEYS = ['symbol', 'timeframe', 'from', 'to', 'chunkSize'] as const;
const FILTER_KEYS = ['symbol', 'timeframe'] as const;
const DEFAULT_CHUNK = 16_384;

/** @throws BarkeepError `INVALID_INPUT` naming the field and the rule. */
export function checkQuery(query: CandleQuery): CheckedQuery {
  assertQuery(query);
  const key = checkKey(query);
  refuseOtherUnits(query, key.timeframe);
  return { key, ...checkSelection(query, QUERY_KEYS, 'query') };
}

/** Which candles of a series, with every default filled in. @throws BarkeepError `INVALID_INPUT`. */
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

/** @throws BarkeepError `INVALID_INPUT` naming the field and the rule. */
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

/** @throws BarkeepError `INVALID_INPUT` naming the field and the rule. */
export function checkFilter(filter: SeriesFilter): SeriesFilter {
  if (filter === null || typeof filter !== 'object') {
    throw invalidInput({ field: 'filter', rule: 'must be { symbol?, timeframe? }', value: filter });
  }
  onlyKnownKeys(filter, FILTER_KEYS, 'filter');
  if (filter.symbol !== undefined) validateSymbol(filter.symbol);
  if (filter.timeframe !== undefined) timeframeGrid(filter.timeframe);
  return filter;
}

/** A copy with nothing but symbol and timeframe. @throws BarkeepError `INVALID_INPUT`. */
export function checkKey(key: SeriesKey): SeriesKey {
  validateSeriesKey(key);
  return { symbol: key.symbol, timeframe: key.timeframe };
}

/** A copy of an interval of milliseconds. @throws BarkeepError `INVALID_INPUT`. */
export function checkInterval(interval: Interval, timeframe: Timeframe, field = 'range'): Interval {
  validateInterval(interval, field);
  refuseOtherUnits(interval, timeframe);
  return { from: interval.from, to: interval.to };
}

/** The interval, or all of time when there is none. @throws BarkeepError `INVALID_INPUT`. */
export function checkOptionalRange(range: Interval | undefined, timeframe: Timeframe): Interval {
  return range === undefined ? EVER : checkInterval(range, timeframe);
}

/** Copies of the intervals. @throws BarkeepError `INVALID_INPUT` naming the one at fault in `batch`. */
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

/** @throws BarkeepError `INVALID_INPUT` unless they are names of columns, each once, at least one. */
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
