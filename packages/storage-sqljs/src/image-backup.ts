import { BarkeepError } from '@barkeep/core';
import {
  adoptCopy,
  assertSound,
  type BackupFindings,
  type BackupRecord,
  type BackupSteps,
  recordCopy,
  sqliteFailure,
  verifyBackup,
} from '@barkeep/sqlite-engine';
import type { SqlJsStatic } from 'sql.js';
import { usableImage } from './database-image.ts';
import { SqlJsDriver } from './sqljs-driver.ts';

export interface CreatedImage {
  readonly record: BackupRecord;
  readonly content: Uint8Array;
}

const NAME = 'the backup';

/** Makes a backup of the bytes of a database: another database, with a record of what is in it. */
export function* createImage(
  sql: SqlJsStatic,
  bytes: Uint8Array,
  made: Pick<BackupRecord, 'id' | 'createdAt'>,
): BackupSteps<CreatedImage> {
  const copy = new SqlJsDriver(sql, bytes);
  try {
    const record = yield* recordCopy(copy, made);
    const content = copy.snapshot();
    const { problems } = yield* verifyImage(sql, content);
    assertSound(problems, 'the copy is not what was copied');
    return { record, content };
  } finally {
    copy.close();
  }
}

/** Reads a backup as a whole and compares it with its record. */
export function* verifyImage(sql: SqlJsStatic, bytes: Uint8Array): BackupSteps<BackupFindings> {
  let driver: SqlJsDriver;
  try {
    driver = new SqlJsDriver(sql, usableImage(new Uint8Array(bytes), NAME));
  } catch (error) {
    const { message } = sqliteFailure(error);
    return { record: undefined, problems: [{ kind: 'unreadable', message }] };
  }
  try {
    return yield* verifyBackup(driver);
  } finally {
    driver.close();
  }
}

/** Makes a database of a backup, which the caller closes. @throws BarkeepError `CORRUPT`. */
export function* restoreImage(
  sql: SqlJsStatic,
  bytes: Uint8Array,
): BackupSteps<{ readonly record: BackupRecord; readonly driver: SqlJsDriver }> {
  const { record, problems } = yield* verifyImage(sql, bytes);
  assertSound(problems, 'the backup is damaged, and was not restored');
  if (record === undefined) throw new BarkeepError('CORRUPT', 'the backup has no record');
  const driver = new SqlJsDriver(sql, usableImage(new Uint8Array(bytes), NAME));
  try {
    adoptCopy(driver);
    return { record, driver };
  } catch (error) {
    driver.close();
    throw error;
  }
}
