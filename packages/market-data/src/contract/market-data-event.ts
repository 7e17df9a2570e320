import type { BarkeepError, EpochMs, Interval, SeriesKey } from '@barkeep/core';
import type { RealtimeEvent } from '@barkeep/realtime';
import type { BackgroundWork } from '@barkeep/storage';
import type { AlertEvent } from './alert.ts';
import type { MaintenanceRun } from './maintenance.ts';

/** Candles or coverage of a series changed somewhere in an interval. Read again what you need. */
export interface CandlesChanged {
  readonly type: 'candles' | 'coverage';
  readonly key: SeriesKey;
  readonly interval: Interval;
  /**
   * `local` if the change was made through this storage instance, `remote` if elsewhere on the same
   * data.
   */
  readonly origin: 'local' | 'remote';
}

/** Events of one kind were lost. Read again what you need. */
export interface EventsLost {
  readonly type: 'lagged';
  readonly of: 'realtime' | 'candles';
}

/** Background work failed. It is retried where that makes sense. */
export interface FailureEvent {
  readonly type: 'failure';
  /**
   * - `recording`: candles received from the router, or their coverage, could not be stored
   * - `realtime`: tickers, order books or trades received from the router could not be stored
   * - `router`: the router emitted an invalid value, which was dropped
   * - `fetching`: the coordinator failed, delivered an invalid candle, or its candles could not be
   *   stored
   * - `maintenance`: a scheduled action failed; see `service.maintenance.history()`
   * - `change-feed`, `compaction`, `reading`, `saving`: background work of the storage; see
   *   `BackgroundWork`
   */
  readonly of: 'recording' | 'realtime' | 'router' | 'fetching' | 'maintenance' | BackgroundWork;
  /** The series concerned. Absent if several or none. */
  readonly key?: SeriesKey | undefined;
  readonly error: BarkeepError;
  readonly at: EpochMs;
}

/** A maintenance action ended. */
export interface MaintenanceEvent {
  readonly type: 'maintenance';
  readonly run: MaintenanceRun;
}

/** Events that every subscriber receives, whatever it selects. */
export type Notice = FailureEvent | AlertEvent | MaintenanceEvent;

/** An event for subscribers of the service. */
export type MarketDataEvent =
  | Exclude<RealtimeEvent, { readonly type: 'lagged' }>
  | CandlesChanged
  | EventsLost
  | Notice;

export type MarketDataEventType = Exclude<MarketDataEvent['type'], 'lagged' | Notice['type']>;

/**
 * Which events to receive: those that match every given field. `lagged`, `failure`, `alert` and
 * `maintenance` are always received.
 */
export interface MarketDataSelector {
  /** Default: all types. */
  readonly types?: readonly MarketDataEventType[] | undefined;
  /** Default: all symbols. */
  readonly symbols?: readonly string[] | undefined;
}
