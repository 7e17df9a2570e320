import { TradingCalendar, type TradingHours } from '@barkeep/core';
import type { CandleCacheSettings, FetchingSettings, RecordingSettings } from './check-config.ts';
import type { BackupSettings, MaintenanceSettings } from './maintenance-settings.ts';
import type { BreakerPolicy, RetryPolicy } from './market-data-config.ts';

const DAY_MS = 86_400_000;
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7] as const;

export const DEFAULT_MAX_AHEAD_MS = 600_000;

export const CANDLE_CACHE_DEFAULTS: CandleCacheSettings = Object.freeze({
  pagePeriods: 1_024,
  maxPagesPerRead: 128,
  settledPageTtlMs: 86_400_000,
  oldPageTtlMs: 30 * 86_400_000,
  unsettledPageTtlMs: 60_000,
  maxAnswers: 256,
  maxAnswerBytes: 16 * 1_024 * 1_024,
});

export const RECORDING_DEFAULTS: RecordingSettings = Object.freeze({ intervalMs: 1_000 });

export const RETRY_DEFAULTS: RetryPolicy = Object.freeze({
  maxAttempts: 4,
  baseDelayMs: 250,
  maxDelayMs: 30_000,
});

export const BREAKER_DEFAULTS: BreakerPolicy = Object.freeze({
  failures: 5,
  pauseMs: 1_000,
  maxPauseMs: 60_000,
});

export const FETCHING_DEFAULTS: FetchingSettings = Object.freeze({
  closeGraceMs: 2_000,
  settlingMs: 60_000,
  currentMaxAgeMs: 10_000,
  maxPeriodsPerFetch: 10_000,
  maxConcurrentFetches: 4,
  maxWaitingFetches: 10_000,
  timeoutMs: 60_000,
  maxSearchRounds: 5,
  retry: RETRY_DEFAULTS,
  breaker: BREAKER_DEFAULTS,
  random: Math.random,
});

export const DEFAULT_ALERT_INTERVAL_MS = 30_000;

export const DEFAULT_SLOW_OPERATION_MS = 1_000;

export const BACKUP_DEFAULTS: Omit<BackupSettings, 'directory'> = Object.freeze({
  everyMs: DAY_MS,
  deadlineMs: 3_600_000,
  keep: Object.freeze({ daily: 7, weekly: 4, monthly: 6 }),
});

/** 02:00 to 04:00 in Seoul: https://docs.upbit.com has no pause, and the fewest trades then. */
export const DEFAULT_QUIET_HOURS: TradingHours = Object.freeze({
  timeZone: 'Asia/Seoul',
  sessions: [{ days: EVERY_DAY, opens: '02:00', closes: '04:00' }],
});

export const MAINTENANCE_NUMBERS: Omit<MaintenanceSettings, 'quiet' | 'backup'> = Object.freeze({
  intervalMs: 60_000,
  freeRatio: 0.15,
  freePages: 1_000,
  vacuumEveryMs: 7 * DAY_MS,
  maxWaitMs: 50,
  idleMs: 60_000,
  stepPages: 100,
  analyzeEveryMs: DAY_MS,
  reindexEveryMs: 7 * DAY_MS,
  checkEveryMs: 7 * DAY_MS,
});

export const DEFAULT_QUIET: TradingCalendar = new TradingCalendar(DEFAULT_QUIET_HOURS);
