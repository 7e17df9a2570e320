import type { CallOptions, EpochMs } from '@barkeep/core';

/**
 * - `ok`: works
 * - `degraded`: the service works without this part, or with limitations
 * - `failed`: whatever depends on this part does not work
 */
export type HealthStatus = 'ok' | 'degraded' | 'failed';

/** The result of one check. */
export interface HealthCheck {
  /**
   * The part checked: `service`, `storage`, `realtime`, `cache`, `diskCache`, `router`,
   * `coordinator`, `recording` or `alerts`.
   */
  readonly name: string;
  readonly status: HealthStatus;
  /** The reason, if the status is not `ok`. */
  readonly message?: string | undefined;
  readonly at: EpochMs;
}

/** The result of `health()`. */
export interface HealthReport {
  /** The worst status of all checks. */
  readonly status: HealthStatus;
  readonly checks: readonly HealthCheck[];
}

export interface HealthOptions extends CallOptions {
  /**
   * A part that does not respond within this time counts as failed, in milliseconds. Default:
   * 1,000.
   */
  readonly timeoutMs?: number | undefined;
}
