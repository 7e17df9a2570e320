import type { EpochMs } from '@barkeep/core';

/**
 * What is watched, over the time since the check before unless it says otherwise:
 *
 * - `cacheHitRate`: share of looks into the candle caches that found something; of at least 100
 * - `walBytes`: size of the storage's write-ahead log, now
 * - `freeBytes`: free space where the storage's data lies, now
 * - `daysToLimit`: days until the storage is full, as it grows now; see `GrowthStatistics`
 * - `freePageRatio`: share of the storage's pages that hold nothing, as maintenance saw it last
 * - `readP99Ms`, `writeP99Ms`: 99th percentile of the storage's reads and writes; of at least 20
 * - `coordinatorErrorRate`: share of the coordinator's calls that failed; of at least 5
 * - `breakerOpenMs`: how long the coordinator's breaker has not been closed
 * - `realtimeStaleMs`: trading time since the router, connected, brought a value of any kind
 * - `backgroundFailures`: how often work failed that nobody awaits
 */
export type AlertName =
  | 'cacheHitRate'
  | 'walBytes'
  | 'freeBytes'
  | 'daysToLimit'
  | 'freePageRatio'
  | 'readP99Ms'
  | 'writeP99Ms'
  | 'coordinatorErrorRate'
  | 'breakerOpenMs'
  | 'realtimeStaleMs'
  | 'backgroundFailures';

/** Two levels, so that a value that swings around one does not raise and clear an alert all the time. */
export interface AlertThreshold {
  /** From this value on it is raised. */
  readonly raise: number;
  /** From this value on it is cleared: on the good side of `raise`. */
  readonly clear: number;
}

/** An alert was raised or cleared. */
export interface AlertEvent {
  readonly type: 'alert';
  readonly name: AlertName;
  readonly level: 'raised' | 'cleared';
  readonly value: number;
  /** The level that the value has reached: `raise`, or `clear`. */
  readonly threshold: number;
  readonly at: EpochMs;
  /** For people. */
  readonly message: string;
}

/** An alert that was raised and not cleared since. */
export interface StandingAlert {
  readonly name: AlertName;
  readonly raisedAt: EpochMs;
  /** When it was raised. */
  readonly value: number;
  readonly threshold: number;
  readonly message: string;
}
