import { type EpochMs, epochMsFault, type SeriesKey, validateSeriesKey } from '@barkeep/core';
import type { RouterEvent } from '@barkeep/source';

/** The candle that a refused event was about, as far as that can be read. */
export interface RefusedCandle {
  readonly key: SeriesKey;
  /** `undefined` when it is no instant. */
  readonly timestamp: EpochMs | undefined;
}

/** `undefined` when the event is about no candle of a series that can be told. */
export function refusedCandle(event: RouterEvent): RefusedCandle | undefined {
  const live = field(event, 'live');
  const key = field(live, 'key');
  if (field(event, 'type') !== 'candle' || !isSeriesKey(key)) return undefined;
  const timestamp = field(field(live, 'candle'), 'timestamp');
  const isInstant = typeof timestamp === 'number' && epochMsFault(timestamp) === undefined;
  return { key, timestamp: isInstant ? timestamp : undefined };
}

/** The series whose promise a refused event has ended, or `connection`; `undefined` when it ended none. */
export function refusedEnd(event: RouterEvent): SeriesKey | 'connection' | undefined {
  const type = field(event, 'type');
  const key = field(event, 'key');
  if (type === 'connection') return 'connection';
  return type === 'streamEnded' && isSeriesKey(key) ? key : undefined;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function isSeriesKey(value: unknown): value is SeriesKey {
  try {
    validateSeriesKey(value as SeriesKey);
    return true;
  } catch {
    return false;
  }
}
