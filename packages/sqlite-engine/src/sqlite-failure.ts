import { BarkeepError, type BarkeepErrorCode } from '@barkeep/core';

interface Meaning {
  readonly code: BarkeepErrorCode;
  readonly message: string;
}

/** The first prefix that fits counts, so extended codes stand before the primary ones. */
const MEANINGS: readonly (readonly [prefix: string, meaning: Meaning])[] = [
  ['SQLITE_BUSY', { code: 'BUSY', message: 'another connection holds a lock' }],
  ['SQLITE_LOCKED', { code: 'BUSY', message: 'another connection holds a lock' }],
  ['SQLITE_READONLY', { code: 'READ_ONLY', message: 'the database refuses writes' }],
  ['SQLITE_PERM', { code: 'READ_ONLY', message: 'the file system refuses access' }],
  ['SQLITE_CANTOPEN', { code: 'CANNOT_OPEN', message: 'the database cannot be opened' }],
  ['SQLITE_NOTADB', { code: 'NOT_A_DATABASE', message: 'the file is not an SQLite database' }],
  ['SQLITE_CORRUPT', { code: 'CORRUPT', message: 'the database is damaged' }],
  ['SQLITE_IOERR_SHORT_READ', { code: 'CORRUPT', message: 'the database has been cut short' }],
  ['SQLITE_IOERR_CORRUPTFS', { code: 'CORRUPT', message: 'the file system is damaged' }],
  // The index of the WAL, which is shared memory in a file, cannot be made as large as it has to be.
  ['SQLITE_IOERR_SHMSIZE', { code: 'DISK_FULL', message: 'no space is left' }],
  ['SQLITE_FULL', { code: 'DISK_FULL', message: 'no space is left' }],
  // A length that no value of ours has.
  ['SQLITE_TOOBIG', { code: 'CORRUPT', message: 'the database is damaged' }],
  // What is stored already contradicts a key: nothing of ours is stored twice.
  ['SQLITE_CONSTRAINT_UNIQUE', { code: 'CORRUPT', message: 'the database is damaged' }],
  ['SQLITE_CONSTRAINT_PRIMARYKEY', { code: 'CORRUPT', message: 'the database is damaged' }],
  ['SQLITE_CONSTRAINT_ROWID', { code: 'CORRUPT', message: 'the database is damaged' }],
  ['SQLITE_IOERR', { code: 'IO', message: 'the operating system failed' }],
];

/** What our statements, which are right for our schema, only fail with when that is another one. */
const OTHER_SCHEMA =
  /^(no such (table|column|view)|unsupported file format|table \w+ has|SQL logic error)/;
const DAMAGED_SCHEMA: Meaning = {
  code: 'CORRUPT',
  message: 'the schema of the database is damaged',
};

/** What a failure of the driver means to the user; an error that is not SQLite's is a bug. */
export function sqliteFailure(cause: unknown): BarkeepError {
  if (BarkeepError.is(cause)) return cause;
  const sqlite = resultCode(cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  const meaning =
    sqlite === 'SQLITE_ERROR' && OTHER_SCHEMA.test(reason)
      ? DAMAGED_SCHEMA
      : MEANINGS.find(([prefix]) => sqlite?.startsWith(prefix))?.[1];
  return new BarkeepError(
    meaning?.code ?? 'INTERNAL',
    `${meaning?.message ?? 'unexpected failure in the SQLite engine'}: ${reason}`,
    { cause, details: sqlite === undefined ? {} : { sqlite } },
  );
}

function resultCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const { code } = error;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined;
}
