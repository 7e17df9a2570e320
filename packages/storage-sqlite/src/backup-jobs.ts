import { existsSync, statSync } from 'node:fs';
import { BarkeepError, fileFailure } from '@barkeep/core';
import {
  assertSound,
  type BackupFindings,
  type BackupRecord,
  type BackupSteps,
  type CopiedState,
  type CopyTarget,
  compareWith,
  copyDatabase,
  hasRecord,
  readRecord,
  type SqliteDriver,
  verifyBackup,
  writeRecord,
} from '@barkeep/sqlite-engine';
import type { BackupProblem } from '@barkeep/storage';
import { assertWhole } from './assert-whole.ts';
import { BetterSqlite3Driver } from './better-sqlite3-driver.ts';
import { PartialFile, type ProcessToken } from './partial-file.ts';
import { ReplaceableDatabase } from './replaceable-database.ts';

export interface CreateJob {
  /** The real path. */
  readonly to: string;
  readonly overwrite: boolean;
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

/** How long to wait for another connection to a backup: hardly anybody opens one. */
const PATIENCE_MS = 1_000;
const NEW_FILE_MODE = 0o644;

/** Writes a backup of a database; `copyTo` is that of its engine. */
export function* createBackup(
  job: CreateJob,
  copyTo: (target: CopyTarget) => BackupSteps<CopiedState>,
): BackupSteps<CreatedFile> {
  const { to, id, createdAt } = job;
  const place = new ReplaceableDatabase(to, job.overwrite);
  place.assertFree();
  if (existsSync(to)) assertReplaceable(to);
  const mode = statSync(job.path).mode;
  const partial = PartialFile.create(to, mode, job.process);
  try {
    const { figures, omitted } = yield* copyTo(partial);
    const own = { id, createdAt, base: undefined, basePath: undefined };
    const record: BackupRecord = { ...own, ...figures };
    using(partial.open(), (driver) => writeRecord(driver, record));
    const { problems } = yield* verifyFile(partial.path);
    assertSound(problems, 'the copy is not what was copied, and was not kept');
    partial.sync();
    const { bytes } = partial;
    yield { phase: 'verifying', fraction: 1 };
    place.fill(partial);
    return { record, bytes, omitted };
  } finally {
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
  const source = openBackup(from);
  try {
    yield* copyDatabase(source, partial);
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
    source.close();
    partial.remove();
  }
}

/** What a file says of itself, if it is a backup. */
export function readBackupRecord(path: string): BackupRecord | undefined {
  try {
    return using(openBackup(path), (driver) =>
      hasRecord(driver) ? readRecord(driver) : undefined,
    );
  } catch {
    // Whatever it is, no backup of ours can be made out.
    return undefined;
  }
}

function* verifyFile(path: string): BackupSteps<BackupFindings> {
  const driver = openBackup(path);
  try {
    return yield* verifyBackup(driver, () => assertWhole(driver, path));
  } finally {
    driver.close();
  }
}

function openBackup(path: string): SqliteDriver {
  return new BetterSqlite3Driver({ path, busyTimeoutMs: PATIENCE_MS, mayCreate: false });
}

/** A backup replaces an older one, and no database. */
function assertReplaceable(path: string): void {
  if (readBackupRecord(path) !== undefined) return;
  throw new BarkeepError('INVALID_INPUT', `${path} is no backup, and none replaces it`, {
    details: { field: 'to', rule: 'must be a backup where there is something', value: path },
  });
}

function sizeOf(path: string): number {
  try {
    const found = statSync(path);
    if (found.isFile()) return found.size;
  } catch (error) {
    throw fileFailure(error, path, 'CANNOT_OPEN');
  }
  throw new BarkeepError('CANNOT_OPEN', `${path} is not a file`, { details: { path } });
}

function using<T>(driver: SqliteDriver, work: (driver: SqliteDriver) => T): T {
  try {
    return work(driver);
  } finally {
    driver.close();
  }
}
