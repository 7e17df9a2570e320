import type { CallOptions, EpochMs } from '@barkeep/core';

/**
 * - `ok`: it works
 * - `degraded`: the service works without it, or in spite of it
 * - `failed`: what needs it does not work
 */
export type HealthStatus = 'ok' | 'degraded' | 'failed';

export interface HealthCheck {
  /**
   * What was looked at: `service`, `storage`, `realtime`, `cache`, `diskCache`, `router`, `coordinator`,
   * `recording`, `alerts`.
   */
  readonly name: string;
  readonly status: HealthStatus;
  /** Why it is not `ok`. */
  readonly message?: string | undefined;
  readonly at: EpochMs;
}

export interface HealthReport {
  /** The worst of the checks. */
  readonly status: HealthStatus;
  readonly checks: readonly HealthCheck[];
}

export interface HealthOptions extends CallOptions {
  /** A part without an answer for this long has failed, in milliseconds. Default: 1,000. */
  readonly timeoutMs?: number | undefined;
}
