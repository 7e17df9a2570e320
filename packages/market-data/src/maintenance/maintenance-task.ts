import type { EpochMs } from '@barkeep/core';
import type {
  FragmentationReport,
  IMarketDataStorage,
  IStorageMaintenance,
} from '@barkeep/storage';
import type {
  MaintenanceAction,
  MaintenanceCondition,
  PlannedAction,
} from '../contract/maintenance.ts';
import { lastDone, type MaintenanceRecord } from './maintenance-record.ts';

/** What a task goes by. */
export interface Situation {
  readonly storage: IMarketDataStorage;
  readonly maintenance: IStorageMaintenance;
  readonly now: EpochMs;
  readonly isQuiet: boolean;
  /** For how long nothing has changed, as far as this process has heard. */
  readonly idleMs: number;
  readonly fragmentation: FragmentationReport;
  readonly record: MaintenanceRecord;
}

/** What a task has of the run it is part of. */
export interface TaskRun {
  readonly signal: AbortSignal;
  /** Lets others have the storage, for a multiple of the time that was taken. */
  pause(tookMs: number): Promise<void>;
  /** From 0 to 1. */
  progress(done: number): void;
}

export interface TaskOutcome {
  readonly freedBytes: number;
  /** What was read or written for it, where it grows with the database. Default: 0. */
  readonly workedBytes?: number | undefined;
  /** What came of it, in words. */
  readonly message: string;
}

/** One kind of maintenance. */
export interface MaintenanceTask {
  readonly action: MaintenanceAction;
  explain(situation: Situation): Promise<PlannedAction> | PlannedAction;
  run(situation: Situation, run: TaskRun): Promise<TaskOutcome>;
}

/** A plan that is due when all of its conditions are met. */
export function planned(
  action: MaintenanceAction,
  conditions: readonly MaintenanceCondition[],
  rest: Pick<PlannedAction, 'freesBytes' | 'expectedMs' | 'blocksWrites'>,
): PlannedAction {
  return { action, isDue: conditions.every(({ isMet }) => isMet), conditions, ...rest };
}

export function quietCondition({ isQuiet }: Situation): MaintenanceCondition {
  return {
    rule: 'it is a quiet hour',
    isMet: isQuiet,
    found: isQuiet ? 'it is' : 'it is not',
  };
}

/** Whether an action was last done, or the database first looked at, long enough ago. */
export function ageCondition(
  { now, record }: Situation,
  last: EpochMs | undefined,
  everyMs: number,
): MaintenanceCondition {
  const ageMs = now - (last ?? record.since);
  const since = last === undefined ? 'it was first looked at' : 'it was done';
  return {
    rule: `at least ${spell(everyMs)} since the last time`,
    // A clock that was set back must not keep it from ever running.
    isMet: ageMs >= everyMs || ageMs < 0,
    found: `${since} ${spell(Math.max(0, ageMs))} ago`,
  };
}

/** What a slow disk does, until an earlier run has shown how fast this one is. */
const BYTES_PER_MS = 20_000;

/** About how long an action takes that works through this many bytes, by the last time it was done. */
export function expectedMs(
  { record }: Situation,
  action: MaintenanceAction,
  bytes: number,
): number {
  const last = lastDone(record, action);
  const speed =
    last !== undefined && last.workedBytes > 0
      ? last.workedBytes / Math.max(1, last.tookMs)
      : BYTES_PER_MS;
  return bytes / speed;
}

export function percent(ratio: number): string {
  return `${Number((100 * ratio).toFixed(1))} %`;
}

/** A duration in words, such as `7 days` or `1.5 hours`. */
export function spell(ms: number): string {
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1_000],
  ] as const;
  const [unit, unitMs] = units.find(([, length]) => ms >= length) ?? ['ms', 1];
  const count = Number((ms / unitMs).toFixed(1));
  return unit === 'ms' || count === 1 ? `${count} ${unit}` : `${count} ${unit}s`;
}
