import { invalidInput, onlyKnownKeys } from '@barkeep/core';
import type { AlertName } from '../contract/alert.ts';
import type { Logger } from '../contract/logger.ts';
import { ALERT_NAMES, ALERT_RULES, type AlertRule } from './alert-rules.ts';
import { DEFAULT_ALERT_INTERVAL_MS, DEFAULT_SLOW_OPERATION_MS } from './defaults.ts';
import type { AlertsConfig, MarketDataConfig } from './market-data-config.ts';
import { requireCount, requireMethod, requireObject } from './require-fields.ts';

/** What is checked, how often, and by which levels. */
export interface AlertSettings {
  readonly intervalMs: number;
  /** Those that are not switched off. */
  readonly rules: ReadonlyMap<AlertName, AlertRule>;
}

/** How the service is watched, with every default filled in. */
export interface MonitoringSettings {
  /** `undefined`: nothing is checked. */
  readonly alerts: AlertSettings | undefined;
  readonly storageLimitBytes: number | undefined;
  readonly logger: Logger | undefined;
  readonly slowOperationMs: number;
}

const LOGGER_METHODS = ['debug', 'info', 'warn', 'error'];

/** @throws BarkeepError `INVALID_INPUT` naming the option and the rule. */
export function checkMonitoring({
  alerts = {},
  storageLimitBytes,
  logger,
  slowOperationMs = DEFAULT_SLOW_OPERATION_MS,
}: MarketDataConfig): MonitoringSettings {
  if (storageLimitBytes !== undefined) requireCount(storageLimitBytes, 'storageLimitBytes', 1);
  if (slowOperationMs !== Number.POSITIVE_INFINITY) {
    requireCount(slowOperationMs, 'slowOperationMs', 1);
  }
  if (logger !== undefined) {
    for (const method of LOGGER_METHODS) requireMethod(logger, 'logger', method);
  }
  return {
    alerts: alerts === false ? undefined : checkAlerts(alerts),
    storageLimitBytes,
    logger,
    slowOperationMs,
  };
}

function checkAlerts(config: AlertsConfig): AlertSettings {
  requireObject(config, 'alerts');
  onlyKnownKeys(config, ['intervalMs', ...ALERT_NAMES], 'alerts');
  const { intervalMs = DEFAULT_ALERT_INTERVAL_MS } = config;
  requireCount(intervalMs, 'alerts.intervalMs', 1);
  const rules = new Map<AlertName, AlertRule>();
  for (const name of ALERT_NAMES) {
    const given = config[name];
    if (given !== false) rules.set(name, checkThreshold(name, given ?? {}));
  }
  return { intervalMs, rules };
}

function checkThreshold(name: AlertName, given: Partial<AlertRule>): AlertRule {
  const field = `alerts.${name}`;
  requireObject(given, field);
  onlyKnownKeys(given, ['raise', 'clear'], field);
  const { raisedWhen, ...defaults } = ALERT_RULES[name];
  const { raise = defaults.raise, clear = defaults.clear } = given;
  requireLevel(raise, `${field}.raise`);
  requireLevel(clear, `${field}.clear`);
  if (raisedWhen === 'above' ? clear < raise : clear > raise) return { raisedWhen, raise, clear };
  const side = raisedWhen === 'above' ? 'below' : 'above';
  throw invalidInput({
    field: `${field}.clear`,
    rule: `must be ${side} ${field}.raise, which is ${raise}`,
    value: clear,
  });
}

function requireLevel(value: unknown, field: string): void {
  if (typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY) return;
  throw invalidInput({ field, rule: 'must be a number of at least 0', value });
}
