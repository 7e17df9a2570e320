import type { CallOptions, EpochMs } from '@barkeep/core';
import type { FragmentationReport } from '@barkeep/storage';

/**
 * - `incremental-vacuum`: releases free pages in short steps between writes
 * - `vacuum`: rebuilds the database; writes wait until it is done
 * - `analyze`: updates the query planner's statistics
 * - `reindex`: rebuilds all indexes
 * - `integrity-check`: reads and checks all data
 * - `retention`: removes candles that the retention rules no longer keep
 * - `backup`: creates a verified backup
 */
export type MaintenanceAction =
  | 'incremental-vacuum'
  | 'vacuum'
  | 'analyze'
  | 'reindex'
  | 'integrity-check'
  | 'retention'
  | 'backup';

/** A condition for running an action automatically. */
export interface MaintenanceCondition {
  /** The condition in words, with its limit, such as `more than 15 % of the pages are free`. */
  readonly rule: string;
  readonly isMet: boolean;
  /** The current state, in words. */
  readonly found: string;
}

/** An action, whether it is due, and why. */
export interface PlannedAction {
  readonly action: MaintenanceAction;
  /** Whether all conditions are met. If so, the next maintenance check runs it. */
  readonly isDue: boolean;
  readonly conditions: readonly MaintenanceCondition[];
  /** Estimated disk space freed, in bytes. */
  readonly freesBytes: number;
  /** Estimated duration in milliseconds, based on earlier runs if there are any. */
  readonly expectedMs: number;
  /** Whether writes wait while it runs. */
  readonly blocksWrites: boolean;
}

/** What maintenance would do at an instant, and why. */
export interface MaintenancePlan {
  readonly at: EpochMs;
  /** Whether it is within quiet hours. */
  readonly isQuiet: boolean;
  readonly fragmentation: FragmentationReport;
  readonly actions: readonly PlannedAction[];
}

/** A maintenance action that ran. */
export interface MaintenanceRun {
  readonly at: EpochMs;
  readonly action: MaintenanceAction;
  /** Why it ran: the conditions that were met, or a request by the user. */
  readonly reason: string;
  readonly outcome: 'done' | 'aborted' | 'failed';
  readonly tookMs: number;
  readonly freedBytes: number;
  /** Bytes read or written, as a measure of this machine's speed. 0 if irrelevant. */
  readonly workedBytes: number;
  /** The result or the error, in words. */
  readonly message: string;
}

export interface MaintenanceProgress {
  readonly action: MaintenanceAction;
  /** Progress from 0 to 1; `undefined` if unknown. */
  readonly done: number | undefined;
}

export interface MaintenanceRunOptions extends CallOptions {
  /** Run these actions regardless of their conditions. Default: those that are due. */
  readonly actions?: readonly MaintenanceAction[] | undefined;
  readonly onProgress?: ((progress: MaintenanceProgress) => void) | undefined;
}

/** Database maintenance: scheduled, and on demand. */
export interface IServiceMaintenance {
  /**
   * Returns what maintenance would do now and why, with estimated duration and freed space. Changes
   * nothing.
   */
  explain(options?: CallOptions): Promise<MaintenancePlan>;

  /**
   * Runs the actions that are due, or those given, one after the other. Actions completed before
   * the signal is aborted are kept.
   *
   * @example
   * await market.maintenance?.run({ actions: ['analyze', 'backup'] });
   *
   * @throws BarkeepError `BUSY` while another process runs maintenance on this database.
   */
  run(options?: MaintenanceRunOptions): Promise<MaintenanceRun[]>;

  /** Returns the latest runs of all processes on this database, oldest first. At most 200. */
  history(options?: CallOptions): Promise<readonly MaintenanceRun[]>;
}

export interface MaintenanceStatistics {
  /** The action running now. */
  readonly running: MaintenanceAction | undefined;
  readonly runs: number;
  readonly failures: number;
  readonly lastRun: MaintenanceRun | undefined;
  /** As of the last check. */
  readonly fragmentation: FragmentationReport | undefined;
}
