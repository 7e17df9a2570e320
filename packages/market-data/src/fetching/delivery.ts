import {
  aheadOfClockFault,
  BarkeepError,
  CandleSeries,
  type EpochMs,
  gatherCandles,
  type Interval,
  type IntervalSet,
  intersectIntervals,
  normalizeIntervals,
  onlyKnownKeys,
  requiredTimestamp,
  runCooperatively,
  type SeriesKey,
  type TimeframeGrid,
  timeframeGrid,
  validateInterval,
  wholePeriodsInside,
} from '@barkeep/core';
import type { CandleDelivery } from '@barkeep/source';

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
 * @throws BarkeepError `SOURCE_FAILED` when the answer is not what the port asks for: its shape, an
 * invalid candle, one too far ahead of the clock, or candles of another stretch only.
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
    const columns = await runCooperatively(gatherCandles(terms.key, delivery.candles), signal);
    const candles = CandleSeries.fromTrustedColumns(terms.key, columns);
    checkStretch(candles, terms);
    const knownAt = Math.min(terms.askedAt, asOf ?? terms.askedAt);
    const grid = timeframeGrid(terms.key.timeframe);
    const claims = intersectIntervals(normalizeIntervals(claimed), [terms.interval]).flatMap(
      (claim) => wholePeriodsInside(claim, grid) ?? [],
    );
    const endedBy = endOf(knownAt, terms.closeGraceMs, grid);
    const settledBy = endOf(knownAt, Math.max(terms.settlingMs, terms.closeGraceMs), grid);
    return {
      candles,
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

function checkStretch(candles: CandleSeries, { key, interval, ...bound }: DeliveryTerms): void {
  if (candles.length === 0) return;
  const { firstTimestamp, lastTimestamp } = candles;
  const fault = aheadOfClockFault(lastTimestamp, bound, key.timeframe);
  if (fault !== undefined) {
    const now = isoTime(bound.now);
    throw new RangeError(`the candle of ${isoTime(lastTimestamp)} ${fault} (${now})`);
  }
  if (candles.between(interval.from, interval.to).length > 0) return;
  const given = { from: firstTimestamp, to: timeframeGrid(key.timeframe).shift(lastTimestamp) };
  throw new RangeError(
    `it was asked for ${isoStretch(interval)}, and its ${candles.length} candles are of ${isoStretch(given)}`,
  );
}

function isoStretch({ from, to }: Interval): string {
  return `${isoTime(from)} to ${isoTime(to)}`;
}

function isoTime(instant: EpochMs): string {
  return new Date(instant).toISOString();
}

function isList(covers: Interval | readonly Interval[]): covers is readonly Interval[] {
  return Array.isArray(covers);
}
