import {
  aheadOfClockFault,
  BarkeepError,
  CandleSeries,
  type EpochMs,
  epochMsFault,
  type Interval,
  type IntervalSet,
  intersectIntervals,
  invalidInput,
  normalizeIntervals,
  onlyKnownKeys,
  requiredTimestamp,
  runCooperatively,
  type SeriesKey,
  siftCandles,
  subtractIntervals,
  type TimeframeGrid,
  timeframeGrid,
  timeText,
  validateInterval,
  wholePeriodsInside,
} from '@barkeep/core';
import type { CandleDelivery } from '@barkeep/source';
import { EVER } from '@barkeep/storage';
import { candlesOutside } from './candles-outside.ts';
import { type RefusedCandle, refusedCandle, spoiledBy } from './refused-candles.ts';

const DELIVERY_KEYS = ['candles', 'covers', 'source', 'asOf', 'historyStart'] as const;
const DEFAULT_SOURCE = 'coordinator';

/** What a delivery is checked against. */
export interface DeliveryTerms {
  readonly key: SeriesKey;
  readonly interval: Interval;
  /** When the request was made, as far as the clock can be believed. */
  readonly askedAt: EpochMs;
  readonly now: EpochMs;
  readonly closeGraceMs: number;
  readonly settlingMs: number;
  readonly maxAheadMs: number;
}

/** A coordinator's answer with its defaults filled in. */
export interface CheckedDelivery {
  readonly candles: CandleSeries;
  readonly refused: readonly RefusedCandle[];
  /** Of the request: what is not complete because of refused candles. */
  readonly spoiled: IntervalSet;
  /** Within the request, and only periods that had ended and settled when it was answered. */
  readonly covers: IntervalSet;
  /** The same, of periods that had ended and not settled. */
  readonly settling: IntervalSet;
  /** When it was asked for, or answered, whichever is earlier: what had not ended then is not complete. */
  readonly knownAt: EpochMs;
  readonly source: string;
  readonly historyStart: EpochMs | undefined;
}

/**
 * A candle that breaks a rule, or lies too far ahead of the clock, is left out, and its period is not
 * complete.
 *
 * @throws BarkeepError `SOURCE_FAILED` when the answer is not what the port asks for: its shape, or candles
 * of another stretch only.
 */
export async function checkDelivery(
  delivery: CandleDelivery,
  terms: DeliveryTerms,
  signal: AbortSignal,
): Promise<CheckedDelivery> {
  try {
    if (delivery === null || typeof delivery !== 'object') throw new TypeError('not an object');
    onlyKnownKeys(delivery, DELIVERY_KEYS, 'delivery');
    const { covers = terms.interval, source = DEFAULT_SOURCE, asOf, historyStart } = delivery;
    if (asOf !== undefined) requiredTimestamp(asOf, 'asOf');
    if (historyStart !== undefined) requiredTimestamp(historyStart, 'historyStart');
    const claimed: readonly Interval[] = isList(covers) ? covers : [covers];
    for (const interval of claimed) validateInterval(interval, 'covers');
    const sifted = await runCooperatively(siftCandles(terms.key, delivery.candles), signal);
    const given = CandleSeries.fromTrustedColumns(terms.key, sifted.columns);
    const wrong = wrongTimes(given, terms);
    const candles = candlesOutside(given, normalizeIntervals(wrong.map(({ stretch }) => stretch)));
    const faults = [...sifted.faults, ...wrong.map(({ fault }) => fault)];
    const refused = faults.map((fault) => refusedCandle(fault, terms.key, terms.interval));
    const spoiled = spoiledBy(refused, candles, terms.interval);
    if (spoiled.length === 0) checkStretch(candles, refused, terms);
    const knownAt = Math.min(terms.askedAt, asOf ?? terms.askedAt);
    const grid = timeframeGrid(terms.key.timeframe);
    const within = intersectIntervals(normalizeIntervals(claimed), [terms.interval]);
    const whole = within.flatMap((claim) => wholePeriodsInside(claim, grid) ?? []);
    const claims = subtractIntervals(whole, spoiled);
    const endedBy = endOf(knownAt, terms.closeGraceMs, grid);
    const settledBy = endOf(knownAt, Math.max(terms.settlingMs, terms.closeGraceMs), grid);
    return {
      candles,
      refused,
      spoiled: intersectIntervals(
        spoiled,
        normalizeIntervals([{ ...terms.interval, to: endedBy }]),
      ),
      covers: intersectIntervals(claims, [{ from: Number.NEGATIVE_INFINITY, to: settledBy }]),
      settling: intersectIntervals(claims, normalizeIntervals([{ from: settledBy, to: endedBy }])),
      knownAt,
      source,
      historyStart,
    };
  } catch (cause) {
    throw signal.aborted ? cause : unusableDelivery(cause);
  }
}

/** The error for an answer that cannot be used: asking again would not help. */
export function unusableDelivery(cause: unknown): BarkeepError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BarkeepError('SOURCE_FAILED', `the coordinator's answer is unusable: ${reason}`, {
    cause,
    details: BarkeepError.is(cause) ? { ...cause.details } : {},
  });
}

/** The end of the last period that had ended for so long at an instant. */
export function endOf(instant: EpochMs, agoMs: number, grid: TimeframeGrid): EpochMs {
  return grid.floor(instant - agoMs);
}

interface WrongTime {
  /** The candle's instant. */
  readonly stretch: Interval;
  readonly fault: BarkeepError;
}

/**
 * Candles beside the request that lie too far ahead, or where today's epoch seconds would: of a thousand
 * candles in seconds, some start a period by chance.
 */
function wrongTimes(
  candles: CandleSeries,
  { key, interval, ...bound }: DeliveryTerms,
): WrongTime[] {
  const { from, to } = interval;
  const isOfOurDays = epochMsFault(from) === undefined && epochMsFault(to) === undefined;
  const beside = [candles.between(EVER.from, from), candles.between(to, EVER.to)];
  return beside.flatMap(({ timestamp: times }) =>
    Array.from(times).flatMap((timestamp) => {
      const rule =
        aheadOfClockFault(timestamp, bound, key.timeframe) ??
        (isOfOurDays ? epochMsFault(timestamp) : undefined);
      if (rule === undefined) return [];
      const fault = invalidInput({ field: 'timestamp', rule, value: timestamp, timestamp });
      return [{ stretch: { from: timestamp, to: timestamp + 1 }, fault }];
    }),
  );
}

/** What has candles, but none of the stretch that was asked for, has answered something else. */
function checkStretch(
  candles: CandleSeries,
  refused: readonly RefusedCandle[],
  { key, interval }: DeliveryTerms,
): void {
  const count = candles.length + refused.length;
  if (count === 0 || candles.between(interval.from, interval.to).length > 0) return;
  const { firstTimestamp, lastTimestamp } = candles;
  const ends = [firstTimestamp, timeframeGrid(key.timeframe).shift(lastTimestamp)];
  const times = [...refused.flatMap((one) => [one.interval.from, one.interval.to]), ...ends];
  const known = times.filter((time) => !Number.isNaN(time));
  const from = known.reduce((least, time) => Math.min(least, time));
  const to = known.reduce((most, time) => Math.max(most, time));
  throw new RangeError(
    `it was asked for ${stretchText(interval)}, and its ${count} candles are of ${stretchText({ from, to })}`,
  );
}

function stretchText({ from, to }: Interval): string {
  return `${timeText(from)} to ${timeText(to)}`;
}

function isList(covers: Interval | readonly Interval[]): covers is readonly Interval[] {
  return Array.isArray(covers);
}
