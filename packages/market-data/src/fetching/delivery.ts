import {
  BarkeepError,
  type CandleInput,
  type EpochMs,
  type Interval,
  type IntervalSet,
  intersectIntervals,
  normalizeIntervals,
  onlyKnownKeys,
  requiredTimestamp,
  validateInterval,
} from '@barkeep/core';
import type { CandleDelivery } from '@barkeep/source';

const DELIVERY_KEYS = ['candles', 'covers', 'source', 'historyStart'] as const;
const DEFAULT_SOURCE = 'coordinator';

/** A coordinator's answer with its defaults filled in. */
export interface CheckedDelivery {
  readonly candles: CandleInput;
  /** Within the request, and only periods that had ended when it was made. */
  readonly covers: IntervalSet;
  readonly source: string;
  readonly historyStart: EpochMs | undefined;
}

/**
 * @param endedBy The end of the last period that had ended when the request was made.
 * @throws BarkeepError `SOURCE_FAILED` when the answer is not what the port asks for. The candles
 * themselves are checked when they are stored.
 */
export function checkDelivery(
  delivery: CandleDelivery,
  request: Interval,
  endedBy: EpochMs,
): CheckedDelivery {
  try {
    if (delivery === null || typeof delivery !== 'object') throw new TypeError('not an object');
    onlyKnownKeys(delivery, DELIVERY_KEYS, 'delivery');
    const { candles, covers = request, source = DEFAULT_SOURCE, historyStart } = delivery;
    if (historyStart !== undefined) requiredTimestamp(historyStart, 'historyStart');
    const claimed: readonly Interval[] = isList(covers) ? covers : [covers];
    for (const interval of claimed) validateInterval(interval, 'covers');
    const possible = [{ from: request.from, to: Math.min(request.to, endedBy) }];
    return {
      candles,
      covers: intersectIntervals(normalizeIntervals(claimed), normalizeIntervals(possible)),
      source,
      historyStart,
    };
  } catch (cause) {
    throw unusableDelivery(cause);
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

function isList(covers: Interval | readonly Interval[]): covers is readonly Interval[] {
  return Array.isArray(covers);
}
