import { BarkeepError, invalidInput } from '@barkeep/core';
import type { BackupProblem, BackupProgress } from '@barkeep/storage';
import { computeFigures } from './backup-figures.ts';
import { type BackupRecord, dropRecord, writeRecord } from './backup-record.ts';
import type { BackupSteps } from './backup-steps.ts';
import type { SqliteDriver } from './sqlite-driver.ts';

const MOST_TOLD = 10;

/** Makes a backup of a copy that nobody else has: writes a record of what is in it. */
export function* recordCopy(
  copy: SqliteDriver,
  { id, createdAt }: Pick<BackupRecord, 'id' | 'createdAt'>,
): BackupSteps<BackupRecord> {
  const figures = yield* computeFigures(copy, copying);
  const record = { id, createdAt, base: undefined, basePath: undefined, ...figures };
  dropRecord(copy);
  writeRecord(copy, record);
  return record;
}

/** Makes a database of a copy of a backup: without the record, and with revisions that were never before. */
export function adoptCopy(copy: SqliteDriver): void {
  dropRecord(copy);
  copy.exec(`
    UPDATE series SET revision = lower(hex(randomblob(10)));
    DELETE FROM revisions;
  `);
}

/** @throws BarkeepError `INVALID_INPUT` when there is anything that a restoration would replace. */
export function assertNothingStored(driver: SqliteDriver): void {
  const filled = ['candle_rows', 'wide_candle_rows', 'segments', 'coverage', 'metadata'].filter(
    (table) => driver.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get([]) !== undefined,
  );
  if (filled.length === 0) return;
  throw invalidInput({ field: 'overwrite', rule: 'must be true to replace what is stored' });
}

/** @throws BarkeepError `CORRUPT` with the problems in its details. */
export function assertSound(problems: readonly BackupProblem[], message: string): void {
  const [first] = problems;
  if (first === undefined) return;
  throw new BarkeepError('CORRUPT', `${message}: ${first.message}`, {
    details: { problems: problems.slice(0, MOST_TOLD) },
  });
}

function copying(fraction: number): BackupProgress {
  return { phase: 'copying', fraction };
}
