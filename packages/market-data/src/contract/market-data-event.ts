import type { BarkeepError, EpochMs, Interval, SeriesKey } from '@barkeep/core';
import type { RealtimeEvent } from '@barkeep/realtime';
import type { BackgroundWork } from '@barkeep/storage';
import type { AlertEvent } from './alert.ts';
import type { MaintenanceRun } from './maintenance.ts';

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

/** Work in the background failed, whose outcome nobody awaits. It is tried again where that makes sense. */
export interface FailureEvent {
  readonly type: 'failure';
  /**
   * - `recording`: candles that came through the router, or their coverage, could not be stored
   * - `realtime`: tickers, order books or trades that came through the router could not be stored
   * - `router`: something that it told breaks a rule, and was left out
   * - `fetching`: the coordinator, a candle that it delivered, or the storing of what it delivered
   * - `maintenance`: an action that ran by itself, see `service.maintenance.history()`
   * - `change-feed`, `compaction`, `saving`: the storage, see its `BackgroundWork`
   */
  readonly of: 'recording' | 'realtime' | 'router' | 'fetching' | 'maintenance' | BackgroundWork;
  /** The series it befell; absent when it was several, or none. */
  readonly key?: SeriesKey | undefined;
  readonly error: BarkeepError;
  readonly at: EpochMs;
}

/** Maintenance has come to an end. */
export interface MaintenanceEvent {
  readonly type: 'maintenance';
  readonly run: MaintenanceRun;
}

/** What every subscriber hears, whatever it selects. */
export type Notice = FailureEvent | AlertEvent | MaintenanceEvent;

/** What subscribers of the service hear. */
export type MarketDataEvent =
  | Exclude<RealtimeEvent, { readonly type: 'lagged' }>
  | CandlesChanged
  | EventsLost
  | Notice;

export type MarketDataEventType = Exclude<MarketDataEvent['type'], 'lagged' | Notice['type']>;

/**
 * Which events a subscriber wants: those that match every field given, and always `lagged`, `failure`,
 * `alert` and `maintenance`.
 */
export interface MarketDataSelector {
  readonly types?: readonly MarketDataEventType[] | undefined;
  readonly symbols?: readonly string[] | undefined;
}
