import type { Interval, SeriesKey } from '@barkeep/core';
import type { RealtimeEvent } from '@barkeep/realtime';

/** Candles or coverage of a series changed somewhere inside an interval: read again what matters. */
export interface CandlesChanged {
  readonly type: 'candles' | 'coverage';
  readonly key: SeriesKey;
  readonly interval: Interval;
  /** Whether the change came through this storage instance, or from elsewhere on the same data. */
  readonly origin: 'local' | 'remote';
}

/** Events of one kind were lost on the way: read again what matters. */
export interface EventsLost {
  readonly type: 'lagged';
  readonly of: 'realtime' | 'candles';
}

/** What subscribers of the service hear. */
export type MarketDataEvent =
  | Exclude<RealtimeEvent, { readonly type: 'lagged' }>
  | CandlesChanged
  | EventsLost;

export type MarketDataEventType = Exclude<MarketDataEvent['type'], 'lagged'>;

/** Which events a subscriber wants: those that match every field given, and always `lagged`. */
export interface MarketDataSelector {
  readonly types?: readonly MarketDataEventType[] | undefined;
  readonly symbols?: readonly string[] | undefined;
}
