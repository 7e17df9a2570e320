import {
  BarkeepError,
  type CandleColumns,
  type Interval,
  type SeriesKey,
  timeframeGrid,
} from '@barkeep/core';
import { EVER } from '@barkeep/storage';
import { nextCandleFault } from './candle-fault.ts';
import type { CandleExtent, SeriesRow } from './stored-series.ts';

/** The error of a segment that cannot be read: it names the series and the periods that are lost. */
export function damagedSegment(
  key: SeriesKey,
  { first, last }: CandleExtent,
  reason: string,
  cause?: unknown,
): BarkeepError {
  const { symbol, timeframe } = key;
  const details = { symbol, timeframe, ...periodsAround(key, { first, last }) };
  return new BarkeepError('CORRUPT', `a segment of ${symbol} ${timeframe} is damaged: ${reason}`, {
    cause,
    details,
  });
}

/** @throws BarkeepError `CORRUPT` naming a row that breaks a rule of candles: rows have no checksum. */
export function assertSoundRows(key: SeriesKey, rows: CandleColumns): void {
  const { symbol, timeframe } = key;
  const fault = nextCandleFault(rows, timeframeGrid(timeframe));
  if (fault === undefined) return;
  const at = rows.timestamp[fault.index] ?? Number.NaN;
  const details = { symbol, timeframe, ...periodsAround(key, { first: at, last: at }) };
  const message = `a row of ${symbol} ${timeframe} is damaged: the candle at ${at} ${fault.what}`;
  throw new BarkeepError('CORRUPT', message, { details });
}

/** The error of a series of which more or fewer candles are found than it counts. */
export function miscounted({ key, count, first, last }: SeriesRow, found: string): BarkeepError {
  const { symbol, timeframe } = key;
  const message =
    `${symbol} ${timeframe} is damaged: it counts ${count} candles from ${first} to ${last}, and ` +
    `${found}. integrity.repair counts anew`;
  return new BarkeepError('CORRUPT', message, {
    details: { symbol, timeframe, count, first, last },
  });
}

/** The whole periods from the first to the last candle, also where damaged numbers say which. */
export function periodsAround({ timeframe }: SeriesKey, { first, last }: CandleExtent): Interval {
  const grid = timeframeGrid(timeframe);
  // Of numbers that are no instants, nobody knows where they should be.
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last)) return { ...EVER };
  const [from, to] = [grid.floor(Math.min(first, last)), grid.shift(Math.max(first, last))];
  return {
    from: Math.max(from, Number.MIN_SAFE_INTEGER),
    to: Math.min(to, Number.MAX_SAFE_INTEGER),
  };
}
