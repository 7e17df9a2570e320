import {
  type CandleSeries,
  countPeriods,
  type Interval,
  intersectIntervals,
  invalidInput,
  isTimeframe,
  type SeriesKey,
  timeframeFault,
  timeframeGrid,
} from '@barkeep/core';
import type { IMarketDataService } from '@barkeep/market-data';
import type { CandlePage } from './wire.ts';

/** The most candles of one answer. */
const MAX_CANDLES = 20_000;
const USUAL_LIMIT = 1_000;

/**
 * Answers `?symbol&timeframe` with `from`, `to` (epoch milliseconds) and `limit`, all optional: the
 * first candles from `from` on, else the last ones before `to`.
 *
 * @throws BarkeepError `INVALID_INPUT` naming the parameter.
 */
export async function readCandlePage(
  service: IMarketDataService,
  parameters: URLSearchParams,
  signal: AbortSignal,
): Promise<CandlePage> {
  const key = seriesKeyOf(parameters);
  const from = wholeNumber(parameters, 'from');
  const to = wholeNumber(parameters, 'to');
  const limit = Math.min(
    wholeNumber(parameters, 'limit') ?? (from === undefined ? USUAL_LIMIT : MAX_CANDLES),
    MAX_CANDLES,
  );
  const start = performance.now();
  const answer = await service.getCandles({ ...key, from, to, limit }, { signal });
  const tookMs = performance.now() - start;
  const { series, missing, origins, historyStart } = answer;
  return {
    candles: series.toArray(),
    origins,
    missingPeriods: countAbsent(series, missing),
    historyStart,
    tookMs,
  };
}

/** The periods between the first and the last candle that have none, and that nobody has fetched. */
function countAbsent(series: CandleSeries, missing: readonly Interval[]): number {
  if (series.extent === undefined) return 0;
  const unknown = intersectIntervals(missing, [series.extent]);
  const present = unknown.reduce((sum, { from, to }) => sum + series.between(from, to).length, 0);
  return countPeriods(unknown, timeframeGrid(series.timeframe)) - present;
}

/** @throws BarkeepError `INVALID_INPUT` when symbol or timeframe are absent or unknown. */
export function seriesKeyOf(parameters: URLSearchParams): SeriesKey {
  const symbol = parameters.get('symbol') ?? '';
  const timeframe = parameters.get('timeframe');
  if (symbol === '') throw invalidInput({ field: 'symbol', rule: 'must be given' });
  if (isTimeframe(timeframe)) return { symbol, timeframe };
  const rule = timeframeFault(timeframe) ?? '';
  throw invalidInput({ field: 'timeframe', rule, value: timeframe });
}

function wholeNumber(parameters: URLSearchParams, name: string): number | undefined {
  const text = parameters.get(name);
  if (text === null) return undefined;
  if (/^-?\d{1,16}$/.test(text)) return Number(text);
  throw invalidInput({ field: name, rule: 'must be a whole number', value: text });
}
