import type { CallOptions, EpochMs, SeriesKey } from '@barkeep/core';

/** A backup: the path of a file, or its bytes. */
export type BackupSource = string | Uint8Array;

/** What backups can be written to and restored from. */
export type BackupMedium = 'file' | 'bytes';

/** Progress of a backup or restore. */
export interface BackupProgress {
  readonly phase: 'copying' | 'verifying';
  /** Estimated progress of the phase, from 0 to 1. */
  readonly fraction: number;
}

/** Options of `backup.create`. */
export interface BackupOptions extends CallOptions {
  /**
   * The file to write. Required unless `media` includes `bytes`; without it, the report contains
   * the bytes.
   */
  readonly to?: string | undefined;
  /** Whether to replace a file at `to`. Default: false; an existing file is then an error. */
  readonly overwrite?: boolean | undefined;
  /**
   * Path of an earlier backup of the same data, for an incremental backup: only changes since then
   * are written. To restore it, the earlier backup must still be at the same path relative to the
   * new one.
   */
  readonly since?: string | undefined;
  /**
   * Time limit in milliseconds. When it is exceeded, the backup is removed and the call rejects
   * with `TIMEOUT`. Default: none.
   */
  readonly deadlineMs?: number | undefined;
  /** Called with the progress of the backup. Default: none. */
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
}

/** Options of `backup.restore`. */
export interface RestoreOptions extends CallOptions {
  /** The backup to restore. */
  readonly from: BackupSource;
  /**
   * The database file to write. Required if databases are files. Otherwise this storage's contents
   * are replaced.
   */
  readonly to?: string | undefined;
  /** Whether to replace a database at `to`, or the contents of this storage. Default: false. */
  readonly overwrite?: boolean | undefined;
  /** Called with the progress of the restore. Default: none. */
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
}

/** One series of a backup. */
export interface BackupSeries extends SeriesKey {
  readonly count: number;
  /** First and last timestamp; `undefined` if there is only coverage. */
  readonly first: EpochMs | undefined;
  readonly last: EpochMs | undefined;
  /**
   * Checksum of candles and coverage. Equal contents have equal checksums in every storage; see
   * `SeriesDigest`.
   */
  readonly checksum: string;
}

/** The description stored in a backup. */
export interface BackupDescription {
  /** A unique id. */
  readonly id: string;
  readonly createdAt: EpochMs;
  /** The `id` of the backup this increment is based on; `undefined` for a full backup. */
  readonly base: string | undefined;
  /** All series in the backup, sorted by symbol and timeframe. */
  readonly series: readonly BackupSeries[];
  /** Total number of candles. */
  readonly candles: number;
}

/** A backup that was created and verified. */
export interface BackupReport extends BackupDescription {
  readonly incremental: boolean;
  /** The file; `undefined` if the backup is in `content`. */
  readonly path: string | undefined;
  readonly content: Uint8Array | undefined;
  /** Size of the backup in bytes. */
  readonly bytes: number;
  readonly tookMs: number;
  /** Tables that users added to the database and that cannot be copied, such as virtual tables. */
  readonly omitted: readonly string[];
}

/** A problem with a backup. */
export interface BackupProblem {
  /**
   * - `unreadable`: not a backup, truncated, or partly unreadable
   * - `structure`: pages or schema are inconsistent
   * - `series`: a series is missing or differs from what was recorded at backup time
   * - `content`: metadata documents, revisions or other data differ from what was recorded
   * - `base`: the backup this increment is based on is missing, damaged or a different one
   */
  readonly kind: 'unreadable' | 'structure' | 'series' | 'content' | 'base';
  readonly key?: SeriesKey;
  readonly message: string;
}

/** The result of `backup.verify`. */
export interface BackupVerification {
  /** Whether the backup can be restored exactly as it was made. */
  readonly ok: boolean;
  /** At most 1,000. */
  readonly problems: readonly BackupProblem[];
  /** `undefined` if the description cannot be read. */
  readonly backup: BackupDescription | undefined;
  readonly bytes: number;
  readonly tookMs: number;
}

/** The result of `backup.restore`. */
export interface RestoreReport extends BackupDescription {
  /** The database file; `undefined` if this storage's contents were replaced. */
  readonly path: string | undefined;
  readonly tookMs: number;
}

/**
 * How many backups to keep. A backup is kept if any of these selects it. Days, weeks (from Monday)
 * and months are in UTC.
 */
export interface BackupRetention {
  /** Keep the latest `last` backups. Default: 0. */
  readonly last?: number | undefined;
  /** Keep the latest backup of each of the last `daily` days that have one. Default: 0. */
  readonly daily?: number | undefined;
  /** Keep the latest backup of each of the last `weekly` weeks that have one. Default: 0. */
  readonly weekly?: number | undefined;
  /** Keep the latest backup of each of the last `monthly` months that have one. Default: 0. */
  readonly monthly?: number | undefined;
}

/** Options of `backup.prune`. */
export interface PruneOptions extends CallOptions {
  /** The directory to prune. Only backup files in it are considered. */
  readonly directory: string;
  readonly keep: BackupRetention;
}

/** The result of `backup.prune`. */
export interface PruneReport {
  /** Paths, latest first. */
  readonly kept: readonly string[];
  readonly removed: readonly string[];
}

/** Online backups: copies of everything stored, made while reads and writes continue. */
export interface IStorageBackup {
  /** The media that `create`, `verify` and `restore` support. */
  readonly media: readonly BackupMedium[];

  /**
   * Copies one consistent state of the storage. It includes everything acknowledged before the call
   * and possibly some later writes, each in full. The backup is read back and compared before the
   * promise resolves. The file appears in one step: a backup that fails, is aborted, times out or
   * is killed leaves none, at most a temporary file, which the next backup into that directory
   * removes.
   *
   * @example
   * const { path, candles } = await storage.backup.create({ to: './backups/monday.db' });
   *
   * @throws BarkeepError `TIMEOUT` after `deadlineMs`; `BUSY` if `to` is an open database;
   * `INVALID_INPUT` if the file exists and `overwrite` is false; `CORRUPT` if stored data is
   * damaged.
   */
  create(options?: BackupOptions): Promise<BackupReport>;

  /**
   * Reads a whole backup and compares it with what was recorded at backup time.
   * @throws BarkeepError `CANNOT_OPEN` if there is no such file.
   */
  verify(from: BackupSource, options?: CallOptions): Promise<BackupVerification>;

  /**
   * Verifies a backup and restores it to a database in one step: if it fails or is killed, the
   * previous contents are kept. If this storage's contents are replaced, subscribers receive
   * `lagged` and all revisions change.
   *
   * @throws BarkeepError `CORRUPT` if the backup is damaged; `BUSY` if the database at `to` is open
   * here or in another process; `INVALID_INPUT` if there is data already and `overwrite` is false.
   */
  restore(options: RestoreOptions): Promise<RestoreReport>;

  /**
   * Removes the backups of a directory that `keep` does not select. Always keeps the only backup
   * that can be restored, and every backup that a kept increment depends on.
   */
  prune(options: PruneOptions): Promise<PruneReport>;
}
