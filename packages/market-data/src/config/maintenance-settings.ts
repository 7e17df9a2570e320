import type { TradingCalendar } from '@barkeep/core';
import type { BackupRetention } from '@barkeep/storage';

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
  /** `undefined`: no copies are made. */
  readonly backup: BackupSettings | undefined;
}

/** How copies are made, with every default filled in. */
export interface BackupSettings {
  readonly directory: string;
  readonly everyMs: number;
  readonly deadlineMs: number;
  readonly keep: BackupRetention;
}
