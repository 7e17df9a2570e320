import type { CallOptions, EpochMs } from '@barkeep/core';
import type { FragmentationReport } from '@barkeep/storage';

/**
 * - `incremental-vacuum`: gives free pages back in short steps, between writes
 * - `vacuum`: builds the database anew; writes wait until it is done
 * - `analyze`: renews the statistics that queries are planned by
 * - `reindex`: builds all indexes anew
 * - `integrity-check`: reads everything, and reports what should not be there
 * - `retention`: removes what the rules no longer keep
 * - `backup`: writes a verified copy
 */
export type MaintenanceAction =
  | 'incremental-vacuum'
  | 'vacuum'
  | 'analyze'
  | 'reindex'
  | 'integrity-check'
  | 'retention'
  | 'backup';

/** One of the things that must hold before an action runs by itself. */
export interface MaintenanceCondition {
  /** In words, with its limit, such as `more than 15 % of the pages are free`. */
  readonly rule: string;
  readonly isMet: boolean;
  /** What was found, in words. */
  readonly found: string;
}

/** What would be done, and why, or why not. */
export interface PlannedAction {
  readonly action: MaintenanceAction;
  /** Whether all conditions are met: the next look does it. */
  readonly isDue: boolean;
  readonly conditions: readonly MaintenanceCondition[];
  /** About how many bytes of the disk it would free. */
  readonly freesBytes: number;
  /** About how long it would take; by the speed of earlier runs, where there were any. */
  readonly expectedMs: number;
  /** Whether writes wait meanwhile. */
  readonly blocksWrites: boolean;
}

/** What maintenance would do at an instant. Nothing runs that could not be explained first. */
export interface MaintenancePlan {
  readonly at: EpochMs;
  readonly isQuiet: boolean;
  readonly fragmentation: FragmentationReport;
  readonly actions: readonly PlannedAction[];
}

/** One action that ran. */
export interface MaintenanceRun {
  readonly at: EpochMs;
  readonly action: MaintenanceAction;
  /** Why it ran: the conditions that were met, or that somebody asked for it. */
  readonly reason: string;
  readonly outcome: 'done' | 'aborted' | 'failed';
  readonly tookMs: number;
  readonly freedBytes: number;
  /** What was read or written for it: shows how fast this machine is. 0 where that is of no matter. */
  readonly workedBytes: number;
  /** What came of it, or what went wrong, in words. */
  readonly message: string;
}

export interface MaintenanceProgress {
  readonly action: MaintenanceAction;
  /** 0 to 1; `undefined` while nobody can tell. */
  readonly done: number | undefined;
}

export interface MaintenanceRunOptions extends CallOptions {
  /** Runs these, whatever their conditions say. Default: those that are due. */
  readonly actions?: readonly MaintenanceAction[] | undefined;
  readonly onProgress?: ((progress: MaintenanceProgress) => void) | undefined;
}

/** Keeps the database in shape: by itself, and when asked to. */
export interface IServiceMaintenance {
  /** What would be done now, why, what it would free, and how long it would take. Changes nothing. */
  explain(options?: CallOptions): Promise<MaintenancePlan>;

  /**
   * Does what is due, or the actions named, one after the other. What was done before the signal fires
   * stays done.
   *
   * @throws BarkeepError `BUSY` while another process does the same on this database.
   */
  run(options?: MaintenanceRunOptions): Promise<MaintenanceRun[]>;

  /** The latest runs of all processes on this database, oldest first: at most 200. */
  history(options?: CallOptions): Promise<readonly MaintenanceRun[]>;
}

export interface MaintenanceStatistics {
  /** What is running now. */
  readonly running: MaintenanceAction | undefined;
  readonly runs: number;
  readonly failures: number;
  readonly lastRun: MaintenanceRun | undefined;
  /** As of the last look. */
  readonly fragmentation: FragmentationReport | undefined;
}
