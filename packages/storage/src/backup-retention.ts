import type { EpochMs } from '@barkeep/core';
import type { CheckedPrune } from './checked-backup.ts';

/** The facts of a backup that retention depends on. */
export interface KeptBackup {
  readonly id: string;
  readonly createdAt: EpochMs;
  readonly base: string | undefined;
}

const DAY = 86_400_000;
/** 1970 began on a Thursday. */
const MONDAY = 3;

/**
 * Returns the backups to keep, latest first: those the retention selects, those in `also`, and
 * every backup that a kept increment depends on.
 */
export function keptBackups<B extends KeptBackup>(
  backups: readonly B[],
  keep: CheckedPrune['keep'],
  also: readonly B[] = [],
): B[] {
  const all = backups.toSorted((a, b) => b.createdAt - a.createdAt);
  const kept = new Set<B>([...all.slice(0, keep.last), ...also]);
  const periods = [
    [keep.daily, dayOf],
    [keep.weekly, weekOf],
    [keep.monthly, monthOf],
  ] as const;
  for (const [count, periodOf] of periods) {
    for (const backup of latestOfEach(all, count, periodOf)) kept.add(backup);
  }
  const byId = new Map(all.map((backup) => [backup.id, backup]));
  // A set goes on with what is added to it meanwhile.
  for (const { base } of kept) {
    const needed = base === undefined ? undefined : byId.get(base);
    if (needed !== undefined) kept.add(needed);
  }
  return all.filter((backup) => kept.has(backup));
}

/** The latest backup of each of the last `count` periods that have any. */
function latestOfEach<B extends KeptBackup>(
  all: readonly B[],
  count: number,
  periodOf: (at: EpochMs) => number,
): B[] {
  const latest = new Map<number, B>();
  for (const backup of all) {
    const period = periodOf(backup.createdAt);
    if (!latest.has(period) && latest.size < count) latest.set(period, backup);
  }
  return [...latest.values()];
}

function dayOf(at: EpochMs): number {
  return Math.floor(at / DAY);
}

function weekOf(at: EpochMs): number {
  return Math.floor((dayOf(at) + MONDAY) / 7);
}

function monthOf(at: EpochMs): number {
  const date = new Date(at);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}
