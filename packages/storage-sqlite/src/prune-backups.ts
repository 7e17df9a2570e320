import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BackupRecord, BackupSteps } from '@barkeep/sqlite-engine';
import { type CheckedPrune, keptBackups, type PruneReport } from '@barkeep/storage';
import { readBackupRecord } from './backup-file.ts';
import { verifyBackupFile } from './backup-jobs.ts';

export type PruneJob = Omit<CheckedPrune, 'signal'>;

interface FoundBackup extends BackupRecord {
  readonly path: string;
}

/** Removes what `keep` does not keep, once it is certain that one that is kept can be restored. */
export function* pruneBackups({ directory, keep }: PruneJob): BackupSteps<PruneReport> {
  const found: FoundBackup[] = [];
  for (const name of readdirSync(directory).toSorted()) {
    const path = join(directory, name);
    const record = name.endsWith('.partial') ? undefined : readBackupRecord(path);
    if (record !== undefined) found.push({ ...record, path });
    yield { phase: 'verifying', fraction: 0 };
  }
  const wanted = keptBackups(found, keep);
  const others = found
    .filter((backup) => !wanted.includes(backup))
    .sort((a, b) => b.createdAt - a.createdAt);
  const sound = others.length === 0 ? undefined : yield* latestSound([...wanted, ...others]);
  const kept = sound === undefined ? found : keptBackups(found, keep, [sound]);
  const removed = others.filter((backup) => !kept.includes(backup));
  for (const { path } of removed) rmSync(path);
  return { kept: kept.map(({ path }) => path), removed: removed.map(({ path }) => path) };
}

function* latestSound(backups: readonly FoundBackup[]): BackupSteps<FoundBackup | undefined> {
  for (const backup of backups) {
    const { problems } = yield* verifyBackupFile(backup.path);
    if (problems.length === 0) return backup;
  }
  return undefined;
}
