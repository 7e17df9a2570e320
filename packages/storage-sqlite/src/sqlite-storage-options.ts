import { availableParallelism } from 'node:os';
import { type Clock, invalidInput, onlyKnownKeys } from '@barkeep/core';
import { type ArchiveOption, type ArchivePolicy, archivePolicy } from '@barkeep/sqlite-engine';
import { databasePath } from './database-path.ts';
import type { ReaderCount } from './sqlite-connections.ts';

export interface SqliteStorageOptions {
  /** The database file, such as `./market_data.sqlite3`; made when it does not exist. */
  readonly path: string;
  /**
   * What a resolved write survives: the end of the process, or also a power cut, at the price of
   * waiting for the disk at each write. Default: `process-crash`.
   */
  readonly durability?: 'process-crash' | 'power-loss' | undefined;
  /**
   * How long a call waits for another connection's lock before it fails with `BUSY`, in
   * milliseconds, at most 10 minutes. Default: 5,000.
   */
  readonly busyTimeoutMs?: number | undefined;
  /**
   * How many connections may only read, each in a thread of its own, so that reads do not wait behind a
   * large write, and two share a read of many candles; at most 16, of about 50 MB each. Those that are given
   * start with the storage, so that its first reads are as fast as any; 0: reads take turns with writes.
   * Default: up to 2 where the process may use several cores, otherwise 1, each of which starts when a read
   * would have to wait: opening takes a third of the time.
   */
  readonly readers?: number | undefined;
  /**
   * How often other processes' changes are looked for while somebody subscribes, in milliseconds.
   * Default: 250.
   */
  readonly changePollMs?: number | undefined;
  /**
   * When candles go from rows into compressed segments, which are far smaller and faster. `off`
   * keeps a row per candle, for those who query the database with SQL. A database converts either
   * way when it is opened with another policy than before. Default: `{ segmentCandles: 4096,
   * keepRows: 512, bulkCandles: 512 }`.
   */
  readonly archive?: ArchiveOption | undefined;
  /** Default: the machine's clock. */
  readonly clock?: Clock | undefined;
}

/** A read of many candles decodes half of its columns in each of two threads. */
const DEFAULT_READERS = availableParallelism() > 1 ? 2 : 1;

/** The options with every default filled in and an absolute path. */
export type CheckedSqliteStorageOptions = {
  readonly [K in Exclude<
    keyof SqliteStorageOptions,
    'clock' | 'archive' | 'readers'
  >]-?: NonNullable<SqliteStorageOptions[K]>;
} & { readonly archive: ArchivePolicy | 'off'; readonly readers: ReaderCount };

const KNOWN = [
  'path',
  'durability',
  'busyTimeoutMs',
  'readers',
  'changePollMs',
  'archive',
  'clock',
];

/** @throws BarkeepError `INVALID_INPUT` naming the option. */
export function checkOptions(options: SqliteStorageOptions): CheckedSqliteStorageOptions {
  if (options === null || typeof options !== 'object') {
    throw invalidInput({ field: 'options', rule: 'must be { path, … }', value: options });
  }
  onlyKnownKeys(options, KNOWN, 'options');
  const { durability = 'process-crash', busyTimeoutMs = 5_000 } = options;
  const { readers = DEFAULT_READERS, changePollMs = 250 } = options;
  if (durability !== 'process-crash' && durability !== 'power-loss') {
    throw invalidInput({
      field: 'durability',
      rule: 'must be "process-crash" or "power-loss"',
      value: durability,
    });
  }
  wholeNumber('busyTimeoutMs', busyTimeoutMs, 0, 600_000);
  wholeNumber('readers', readers, 0, 16);
  wholeNumber('changePollMs', changePollMs, 1, 86_400_000);
  return {
    path: databasePath(options.path),
    durability,
    busyTimeoutMs,
    readers: { most: readers, atOnce: options.readers !== undefined },
    changePollMs,
    archive: archivePolicy(options.archive),
  };
}

function wholeNumber(field: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw invalidInput({ field, rule: `must be a whole number from ${least} to ${most}`, value });
}
