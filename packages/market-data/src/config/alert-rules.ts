import type { AlertName, AlertThreshold } from '../contract/alert.ts';

/** When an alert is raised, and by which levels unless others are configured. */
export interface AlertRule extends AlertThreshold {
  readonly raisedWhen: 'above' | 'below';
}

const MIB = 2 ** 20;
const GIB = 2 ** 30;

export const ALERT_RULES: Readonly<Record<AlertName, AlertRule>> = {
  cacheHitRate: { raisedWhen: 'below', raise: 0.3, clear: 0.5 },
  walBytes: { raisedWhen: 'above', raise: 256 * MIB, clear: 64 * MIB },
  freeBytes: { raisedWhen: 'below', raise: GIB, clear: 2 * GIB },
  daysToLimit: { raisedWhen: 'below', raise: 7, clear: 14 },
  freePageRatio: { raisedWhen: 'above', raise: 0.3, clear: 0.15 },
  readP99Ms: { raisedWhen: 'above', raise: 500, clear: 250 },
  writeP99Ms: { raisedWhen: 'above', raise: 1_000, clear: 500 },
  coordinatorErrorRate: { raisedWhen: 'above', raise: 0.5, clear: 0.2 },
  breakerOpenMs: { raisedWhen: 'above', raise: 60_000, clear: 0 },
  realtimeStaleMs: { raisedWhen: 'above', raise: 60_000, clear: 30_000 },
  backgroundFailures: { raisedWhen: 'above', raise: 1, clear: 0 },
};

export const ALERT_NAMES: readonly AlertName[] = Object.keys(ALERT_RULES) as AlertName[];
