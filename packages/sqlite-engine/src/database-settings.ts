import { BarkeepError } from '@barkeep/core';
import { readNumberPragma, readPragma } from './pragma.ts';
import type { SqliteDriver } from './sqlite-driver.ts';

export interface DatabaseSettings {
  /** `wal` for files, `memory` where SQLite holds the whole database in memory. */
  readonly journal: 'wal' | 'memory';
  /** When SQLite waits for the disk: `normal` at checkpoints, `full` at every commit. */
  readonly synchronous: 'off' | 'normal' | 'full';
  /** How large the WAL grows before a write waits until it can be emptied, in bytes. Default: 64 MiB. */
  readonly largestWalBytes?: number | undefined;
}

/** SQLite 3.7.0 to 3.51.2 may lose commits when the WAL is reset (https://sqlite.org/wal.html#walresetbug). */
const OLDEST_LIBRARY = '3.51.3';
const SYNCHRONOUS_LEVELS = ['off', 'normal', 'full'] as const;
/** Also what a checkpoint leaves of a WAL that one big write has blown up. */
export const LARGEST_WAL: number = 64 * 1024 * 1024;

/** @throws BarkeepError `INCOMPATIBLE` when the SQLite library is known to lose data. */
export function assertLibraryVersion(driver: SqliteDriver): void {
  const version = String(driver.prepare('SELECT sqlite_version()').get([])?.[0]);
  if (compareVersions(version, OLDEST_LIBRARY) >= 0) return;
  throw new BarkeepError(
    'INCOMPATIBLE',
    `SQLite ${version} may lose committed data; version ${OLDEST_LIBRARY} or later is needed`,
    { details: { sqlite: version, needed: OLDEST_LIBRARY } },
  );
}

/** Settings that only take effect before the first table is made. */
export function shapeNewDatabase(driver: SqliteDriver): void {
  driver.exec('PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL');
}

/**
 * Settings of the connection, read back because SQLite ignores what it cannot do.
 * @throws BarkeepError `CANNOT_OPEN` when the database does not take them.
 */
export function applySettings(driver: SqliteDriver, settings: DatabaseSettings): void {
  driver.exec(`PRAGMA journal_mode = ${settings.journal}`);
  const { largestWalBytes = LARGEST_WAL } = settings;
  driver.exec(`PRAGMA journal_size_limit = ${largestWalBytes}`);
  driver.exec(`PRAGMA synchronous = ${settings.synchronous}`);
  // The engine writes references in their order, and its integrity check looks at them.
  driver.exec('PRAGMA foreign_keys = OFF');
  const journal = readPragma(driver, 'journal_mode');
  const synchronous = SYNCHRONOUS_LEVELS[readNumberPragma(driver, 'synchronous')];
  if (journal === settings.journal && synchronous === settings.synchronous) return;
  throw new BarkeepError(
    'CANNOT_OPEN',
    `the database runs with journal_mode ${journal} and synchronous ${synchronous} instead of ${settings.journal} and ${settings.synchronous}`,
    { details: { journal, synchronous, asked: settings } },
  );
}

function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  const differing = right.findIndex((part, i) => part !== left[i]);
  return differing === -1 ? 0 : (left[differing] ?? 0) - (right[differing] ?? 0);
}
