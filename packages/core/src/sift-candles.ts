import { BarkeepError } from './barkeep-error.ts';
import type { Candle, CandleColumns, CandleInput, CandleRow } from './candle-columns.ts';
import { CandleSeries } from './candle-series.ts';
import { gatherAnyTimes } from './gather-candles.ts';
import { type InvalidInputDetails, invalidInput } from './invalid-input.ts';
import type { SeriesKey } from './series-key.ts';

/** The valid candles, and the reason for each one that was dropped. */
export interface SiftedCandles {
  readonly columns: CandleColumns;
  /**
   * One `INVALID_INPUT` per dropped candle. Names the candle's time, if it has one, instead of an
   * index.
   */
  readonly faults: readonly BarkeepError[];
}

/** Candles checked between two yields. */
const CHUNK = 1_024;

/**
 * Like `gatherCandles`, but drops invalid candles instead of throwing. Costs the same if all are
 * valid. Does not check whether aligned times might be epoch seconds.
 *
 * @throws BarkeepError `INVALID_INPUT` if the input is not candles at all.
 */
export function* siftCandles(
  key: SeriesKey,
  candles: CandleInput,
): Generator<void, SiftedCandles, void> {
  try {
    return { columns: yield* gatherAnyTimes(key, candles), faults: [] };
  } catch (error) {
    if (!BarkeepError.is(error, 'INVALID_INPUT') || !('index' in error.details)) throw error;
  }
  const faults: BarkeepError[] = [];
  const right: (Candle | CandleRow)[] = [];
  let judged = 0;
  for (const candle of isColumns(candles)
    ? CandleSeries.fromTrustedColumns(key, candles)
    : candles) {
    const fault = candleFault(key, candle);
    if (fault === undefined) right.push(candle);
    else faults.push(fault);
    judged += 1;
    if (judged % CHUNK === 0) yield;
  }
  return { columns: yield* gatherAnyTimes(key, right), faults };
}

/**
 * Returns the `INVALID_INPUT` error for a single candle, with field, rule and its time if it has
 * one; `undefined` if the candle is valid. Does not check for epoch seconds.
 */
export function candleFault(key: SeriesKey, candle: Candle | CandleRow): BarkeepError | undefined {
  try {
    gatherAnyTimes(key, [candle]).next();
    return undefined;
  } catch (error) {
    if (!BarkeepError.is(error, 'INVALID_INPUT')) throw error;
    const { index: _, ...details } = error.details;
    return invalidInput(details as unknown as InvalidInputDetails);
  }
}

function isColumns(candles: CandleInput): candles is CandleColumns {
  return !Array.isArray(candles);
}
