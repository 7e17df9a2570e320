import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { BarkeepError, invalidInput } from '@barkeep/core';
import {
  applyIncrement,
  assertSound,
  type BackupFindings,
  type BackupRecord,
  type BackupSteps,
  type CopiedState,
  type CopyTarget,
  compareWith,
  copyDatabase,
  type SqliteDriver,
  writeChanges,
  writeRecord,
} from '@barkeep/sqlite-engine';
import type { BackupProblem } from '@barkeep/storage';
import {
  BackupChain,
  openBackup,
  readBackupRecord,
  sizeOf,
  using,
  verifyFile,
} from './backup-file.ts';
import { PartialFile, type ProcessToken } from './partial-file.ts';
import { ReplaceableDatabase } from './replaceable-database.ts';

export interface CreateJob {
  /** The real path. */
  readonly to: string;
  readonly overwrite: boolean;
  /** The path of what it continues. */
  readonly since: string | undefined;
  readonly id: string;
  readonly createdAt: number;
  /** Of the database. */
  readonly path: string;
  readonly process: ProcessToken;
}

export interface RestoreJob {
  readonly from: string;
  /** The real path. */
  readonly to: string;
  readonly overwrite: boolean;
  readonly process: ProcessToken;
}

export interface CreatedFile {
  readonly record: BackupRecord;
  readonly bytes: number;
  readonly omitted: readonly string[];
}

export interface VerifiedFile extends BackupFindings {
  readonly bytes: number;
}

const NEW_FILE_MODE = 0o644;

/** Writes a backup of a database; `copyTo` is that of its engine. */
export function* createBackup(
  job: CreateJob,
  copyTo: (target: CopyTarget, since?: SqliteDriver) => BackupSteps<CopiedState>,
): BackupSteps<CreatedFile> {
  const { to, id, createdAt, since } = job;
  const base =
    since === undefined
      ? { base: undefined, basePath: undefined }
      : { base: recordSince(since, to).id, basePath: relative(dirname(to), realpathSync(since)) };
  const place = new ReplaceableDatabase(to, job.overwrite);
  place.assertFree();
  if (existsSync(to)) assertReplaceable(to);
  const mode = statSync(job.path).mode;
  const partial = PartialFile.create(to, mode, job.process);
  const older = since === undefined ? undefined : openBackup(since);
  try {
    const { figures, omitted, changes } = yield* copyTo(partial, older);
    const record: BackupRecord = { id, createdAt, ...base, ...figures };
    using(partial.open(), (driver) => {
      writeRecord(driver, record);
      if (changes !== undefined) writeChanges(driver, changes);
    });
    const { problems } = yield* verifyFile(partial.path);
    assertSound(problems, 'the copy is not what was copied, and was not kept');
    partial.sync();
    const { bytes } = partial;
    yield { phase: 'verifying', fraction: 1 };
    place.fill(partial);
    return { record, bytes, omitted };
  } finally {
    older?.close();
    partial.remove();
  }
}

/** @throws BarkeepError `CANNOT_OPEN` when there is no such file. */
export function* verifyBackupFile(from: string): BackupSteps<VerifiedFile> {
  const bytes = sizeOf(from);
  return { ...(yield* verifyFile(from)), bytes };
}

/** Makes a database of a backup. */
export function* restoreBackup(job: RestoreJob): BackupSteps<BackupRecord> {
  const { from, to } = job;
  sizeOf(from);
  const place = new ReplaceableDatabase(to, job.overwrite);
  place.assertFree();
  const { record, problems } = yield* verifyFile(from);
  assertSound(problems, `${from} is damaged, and was not restored`);
  if (record === undefined) throw new BarkeepError('CORRUPT', `${from} cannot be read`);
  const partial = PartialFile.create(to, place.mode ?? NEW_FILE_MODE, job.process);
  let chain: BackupChain | undefined;
  try {
    chain = BackupChain.open(from, record.id);
    yield* copyChain(chain, partial);
    chain.close();
    const found: BackupProblem[] = [];
    const copy = partial.open();
    try {
      yield* compareWith(record, copy, found);
    } finally {
      copy.close();
    }
    assertSound(found, `what was restored is not what ${from} has, and was not kept`);
    partial.sync();
    yield { phase: 'verifying', fraction: 1 };
    place.fill(partial);
    return record;
  } finally {
    chain?.close();
    partial.remove();
  }
}

/** Copies a full backup, and brings it up to each increment in turn. */
function* copyChain({ links }: BackupChain, partial: PartialFile): BackupSteps<void> {
  const [full, ...increments] = links;
  if (full === undefined) throw new BarkeepError('INTERNAL', 'there is no backup to copy');
  full.layer.driver.exec('ROLLBACK');
  yield* copyDatabase(full.layer.driver, partial);
  for (const { layer, path } of increments) {
    layer.driver.exec('ROLLBACK');
    const copy = partial.open();
    try {
      yield* applyIncrement(copy, layer, path);
    } finally {
      copy.close();
    }
  }
}

/** A backup replaces an older one, and no database. */
function assertReplaceable(path: string): void {
  if (readBackupRecord(path) !== undefined) return;
  throw new BarkeepError('INVALID_INPUT', `${path} is no backup, and none replaces it`, {
    details: { field: 'to', rule: 'must be a backup where there is something', value: path },
  });
}

/** What an increment is to continue. @throws BarkeepError `CANNOT_OPEN`, `INVALID_INPUT`. */
function recordSince(since: string, to: string): BackupRecord {
  sizeOf(since);
  const record = realpathSync(since) === to ? undefined : readBackupRecord(since);
  if (record !== undefined) return record;
  throw invalidInput({ field: 'since', rule: 'must be another backup', value: since });
}
