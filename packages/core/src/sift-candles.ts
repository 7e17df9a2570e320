import { BarkeepError } from './barkeep-error.ts';
import type { Candle, CandleColumns, CandleInput, CandleRow } from './candle-columns.ts';
import { CandleSeries } from './candle-series.ts';
import { gatherAnyTimes } from './gather-candles.ts';
import { type InvalidInputDetails, invalidInput } from './invalid-input.ts';
import type { SeriesKey } from './series-key.ts';

/** Candles without those that broke a rule. */
export interface SiftedCandles {
  readonly columns: CandleColumns;
  /**
   * An `INVALID_INPUT` for each candle that was left out, which names its time, where it has one, in place
   * of an index.
   */
  readonly faults: readonly BarkeepError[];
}

/** Candles judged between two yields. */
const CHUNK = 1_024;

/**
 * As `gatherCandles`, but leaves out each candle that breaks a rule. Where none does, it costs the same.
 * Whether times might be in seconds is not looked at, where they are the starts of periods.
 *
 * @throws BarkeepError `INVALID_INPUT` when they are no candles at all.
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
 * What is wrong with a candle by itself: `INVALID_INPUT` with field, rule and, where it has one, its
 * time. `undefined` when nothing is. Whether a time might be in seconds is not looked at.
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
