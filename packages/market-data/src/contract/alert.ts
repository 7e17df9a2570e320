import type { EpochMs } from '@barkeep/core';

/**
 * What is monitored. Rates and percentiles cover the time since the previous check.
 *
 * - `cacheHitRate`: hit rate of the candle caches; needs at least 100 lookups
 * - `walBytes`: current size of the storage's write-ahead log, in bytes
 * - `freeBytes`: current free disk space for the storage's data, in bytes
 * - `daysToLimit`: days until the storage is full at the current growth rate; see
 *   `GrowthStatistics`
 * - `freePageRatio`: share of unused pages in the storage, as of the last maintenance check
 * - `readP99Ms`, `writeP99Ms`: p99 latency of storage reads and writes; needs at least 20 calls
 * - `coordinatorErrorRate`: share of failed coordinator calls; needs at least 5 calls
 * - `breakerOpenMs`: how long the coordinator's circuit breaker has not been closed
 * - `realtimeStaleMs`: trading time since the connected router last delivered any value
 * - `backgroundFailures`: number of failures of background work
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

/**
 * Two levels (hysteresis), so that a value fluctuating around one level does not raise and clear an
 * alert repeatedly.
 */
export interface AlertThreshold {
  /** The alert is raised when the value reaches this level. */
  readonly raise: number;
  /**
   * The alert is cleared when the value is back at this level, which is on the good side of
   * `raise`.
   */
  readonly clear: number;
}

/** An alert was raised or cleared. */
export interface AlertEvent {
  readonly type: 'alert';
  readonly name: AlertName;
  /** Whether the alert was raised or cleared. */
  readonly level: 'raised' | 'cleared';
  readonly value: number;
  /** The level that was reached: `raise` or `clear`. */
  readonly threshold: number;
  readonly at: EpochMs;
  /** A human-readable description. */
  readonly message: string;
}

/** An alert that was raised and has not been cleared. */
export interface StandingAlert {
  readonly name: AlertName;
  readonly raisedAt: EpochMs;
  /** The value when it was raised. */
  readonly value: number;
  readonly threshold: number;
  readonly message: string;
}
