import { TradingCalendar, type TradingHours } from '@barkeep/core';

const DAY_MS = 86_400_000;
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7] as const;

/** When a database is looked after, with every default filled in. */
export interface MaintenanceSettings {
  /** How often it is looked at. */
  readonly intervalMs: number;
  /** In which what makes others wait may run. */
  readonly quiet: TradingCalendar;
  /** Above this share of free pages space is given back. */
  readonly freeRatio: number;
  /** Fewer free pages are not worth a full vacuum. */
  readonly freePages: number;
  /** The least time between two full vacuums. */
  readonly vacuumEveryMs: number;
  /** Writes must not wait longer than this, unless nobody writes. */
  readonly maxWaitMs: number;
  /** Nobody writes when nothing has changed for this long. */
  readonly idleMs: number;
  /** The most free pages of one step. */
  readonly stepPages: number;
  readonly analyzeEveryMs: number;
  readonly reindexEveryMs: number;
  readonly checkEveryMs: number;
}

/** 02:00 to 04:00 in Seoul: https://docs.upbit.com has no pause, and the fewest trades then. */
export const DEFAULT_QUIET_HOURS: TradingHours = Object.freeze({
  timeZone: 'Asia/Seoul',
  sessions: [{ days: EVERY_DAY, opens: '02:00', closes: '04:00' }],
});

export const MAINTENANCE_NUMBERS: Omit<MaintenanceSettings, 'quiet'> = Object.freeze({
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
