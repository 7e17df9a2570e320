import type { EpochMs, JsonValue } from '@barkeep/core';
import type { IMarketDataStorage } from '@barkeep/storage';
import type { MaintenanceAction, MaintenanceRun } from '../contract/maintenance.ts';

const DOCUMENT = 'market-data/maintenance';
/** Older ones are forgotten. */
const MOST_RUNS = 200;

/** What has been done to a database, by whichever process: kept in its metadata. */
export interface MaintenanceRecord {
  /** When it was looked at first. */
  readonly since: EpochMs;
  /** Oldest first. */
  readonly runs: readonly MaintenanceRun[];
}

export async function readRecord(
  { metadata }: IMarketDataStorage,
  now: EpochMs,
): Promise<MaintenanceRecord> {
  const found = await metadata.get(DOCUMENT);
  if (isRecord(found)) return found;
  const record: MaintenanceRecord = { since: now, runs: [] };
  await writeRecord(metadata, record);
  return record;
}

export async function addRun(storage: IMarketDataStorage, run: MaintenanceRun): Promise<void> {
  const { since, runs } = await readRecord(storage, run.at);
  await writeRecord(storage.metadata, { since, runs: [...runs.slice(1 - MOST_RUNS), run] });
}

/** The latest run of an action that came to its end; `undefined` when there is none. */
export function lastDone(
  { runs }: MaintenanceRecord,
  action: MaintenanceAction,
): MaintenanceRun | undefined {
  return runs.findLast((run) => run.action === action && run.outcome === 'done');
}

async function writeRecord(
  metadata: IMarketDataStorage['metadata'],
  { since, runs }: MaintenanceRecord,
): Promise<void> {
  await metadata.set(DOCUMENT, { since, runs: runs.map((run): JsonValue => ({ ...run })) });
}

/** What something else has put there is written over. */
function isRecord(value: unknown): value is MaintenanceRecord {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'since' in value &&
    typeof value.since === 'number' &&
    'runs' in value &&
    Array.isArray(value.runs)
  );
}
