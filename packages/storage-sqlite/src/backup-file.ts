import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { BarkeepError, fileFailure } from '@barkeep/core';
import {
  type BackupFindings,
  BackupLayer,
  type BackupRecord,
  type BackupSteps,
  hasRecord,
  readRecord,
  type SqliteDriver,
  verifyBackup,
} from '@barkeep/sqlite-engine';
import { assertWhole } from './assert-whole.ts';
import { BetterSqlite3Driver } from './better-sqlite3-driver.ts';

/** How long to wait for another connection to a backup: hardly anybody opens one. */
const PATIENCE_MS = 1_000;
/** Nobody continues a backup so often; a circle of them has no end. */
const LONGEST_CHAIN = 1_000;

/** A full backup and the increments that continue it, open to be read. */
export class BackupChain {
  /** From the full backup on. */
  readonly links: readonly { readonly path: string; readonly layer: BackupLayer }[];
  readonly #drivers: readonly SqliteDriver[];

  private constructor(links: BackupChain['links'], drivers: readonly SqliteDriver[]) {
    this.links = links;
    this.#drivers = drivers;
  }

  /**
   * Opens a backup and what it continues.
   * @throws BarkeepError `CORRUPT` when something of that is missing, or another backup is in its place.
   */
  static open(path: string, id: string): BackupChain {
    const drivers: SqliteDriver[] = [];
    const found: { path: string; driver: SqliteDriver }[] = [];
    try {
      for (let next: ExpectedBackup | undefined = { path, id }; next !== undefined; ) {
        if (found.length === LONGEST_CHAIN) throw missing(path, 'is part of a circle');
        if (!existsSync(next.path)) throw missing(next.path, 'is missing');
        const driver = openBackup(next.path);
        drivers.push(driver);
        assertWhole(driver, next.path);
        driver.exec('PRAGMA query_only = ON; BEGIN');
        const record = readRecord(driver);
        if (record.id !== next.id) throw missing(next.path, 'is another backup');
        found.push({ path: next.path, driver });
        next = baseOf(next.path, record);
      }
      const links: { path: string; layer: BackupLayer }[] = [];
      for (const { path: file, driver } of found.reverse()) {
        links.push({ path: file, layer: new BackupLayer(driver, links.at(-1)?.layer) });
      }
      return new BackupChain(links, drivers);
    } catch (error) {
      for (const driver of drivers) driver.close();
      throw error;
    }
  }

  close(): void {
    for (const driver of this.#drivers) driver.close();
  }
}

interface ExpectedBackup {
  readonly path: string;
  readonly id: string;
}

/** A connection to a backup that is there. */
export function openBackup(path: string): SqliteDriver {
  return new BetterSqlite3Driver({ path, busyTimeoutMs: PATIENCE_MS, mayCreate: false });
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

/** Reads a backup, with what it continues, and compares it with its record. */
export function* verifyFile(path: string): BackupSteps<BackupFindings> {
  const driver = openBackup(path);
  let chain: BackupChain | undefined;
  const below = (record: BackupRecord): BackupLayer => {
    const base = baseOf(path, record);
    chain = base && BackupChain.open(base.path, base.id);
    const layer = chain?.links.at(-1)?.layer;
    if (layer === undefined) throw missing(path, 'does not say what it continues');
    return layer;
  };
  try {
    return yield* verifyBackup(driver, { first: () => assertWhole(driver, path), below });
  } finally {
    chain?.close();
    driver.close();
  }
}

/** @throws BarkeepError `CANNOT_OPEN` when there is no such file. */
export function sizeOf(path: string): number {
  try {
    const found = statSync(path);
    if (found.isFile()) return found.size;
  } catch (error) {
    throw fileFailure(error, path, 'CANNOT_OPEN');
  }
  throw new BarkeepError('CANNOT_OPEN', `${path} is not a file`, { details: { path } });
}

export function using<T>(driver: SqliteDriver, work: (driver: SqliteDriver) => T): T {
  try {
    return work(driver);
  } finally {
    driver.close();
  }
}

function baseOf(path: string, { base, basePath }: BackupRecord): ExpectedBackup | undefined {
  if (base === undefined || basePath === undefined) return undefined;
  return { path: resolve(dirname(path), basePath), id: base };
}

function missing(path: string, what: string): BarkeepError {
  return new BarkeepError('CORRUPT', `${path}, which an increment needs, ${what}`, {
    details: { path },
  });
}
