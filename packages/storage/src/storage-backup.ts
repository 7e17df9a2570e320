import type { CallOptions, EpochMs, SeriesKey } from '@barkeep/core';

/** Where a backup is: the path of a file, or its bytes. */
export type BackupSource = string | Uint8Array;

/** What a backup can be written to and restored from. */
export type BackupMedium = 'file' | 'bytes';

/** How far a backup or a restoration is. */
export interface BackupProgress {
  readonly phase: 'copying' | 'verifying';
  /** Of the phase, from 0 to 1; an estimate. */
  readonly fraction: number;
}

export interface BackupOptions extends CallOptions {
  /** The file to write. Required unless `media` includes `bytes`; without it the report has the bytes. */
  readonly to?: string | undefined;
  /** Whether a file at `to` is replaced. Default: false. */
  readonly overwrite?: boolean | undefined;
  /**
   * An earlier backup of the same data: only what has changed since is written. To restore, that one must
   * still be where it is now, relative to the new one.
   */
  readonly since?: string | undefined;
  /** How long it may take, in milliseconds. Default: as long as it takes. */
  readonly deadlineMs?: number | undefined;
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
}

export interface RestoreOptions extends CallOptions {
  readonly from: BackupSource;
  /** The database file to write. Required where databases are files; elsewhere this storage is replaced. */
  readonly to?: string | undefined;
  /** Whether a database at `to`, or what this storage holds, is replaced. Default: false. */
  readonly overwrite?: boolean | undefined;
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
}

/** What a backup has of one series. */
export interface BackupSeries extends SeriesKey {
  readonly count: number;
  /** Timestamps of the first and the last candle; `undefined` when there is only coverage. */
  readonly first: EpochMs | undefined;
  readonly last: EpochMs | undefined;
  /** Of candles and coverage: equal for equal contents, in whichever storage; see `SeriesDigest`. */
  readonly checksum: string;
}

/** What a backup says of itself. */
export interface BackupDescription {
  /** Unique. */
  readonly id: string;
  readonly createdAt: EpochMs;
  /** The `id` of the backup that an increment continues; `undefined` for a full backup. */
  readonly base: string | undefined;
  /** By symbol and timeframe: every series of the state that was copied. */
  readonly series: readonly BackupSeries[];
  /** In all of `series`. */
  readonly candles: number;
}

/** What was created, already verified. */
export interface BackupReport extends BackupDescription {
  readonly incremental: boolean;
  /** The file; `undefined` where `content` is the backup. */
  readonly path: string | undefined;
  readonly content: Uint8Array | undefined;
  /** The size of the backup. */
  readonly bytes: number;
  readonly tookMs: number;
  /** Names of tables that somebody added to the database and that cannot be copied, such as virtual ones. */
  readonly omitted: readonly string[];
}

/** Something wrong with a backup. */
export interface BackupProblem {
  /**
   * - `unreadable`: it is no backup, is cut short, or bytes of it cannot be read
   * - `structure`: its pages or its schema contradict each other
   * - `series`: a series is missing, or is not what was recorded when the backup was made
   * - `content`: the same of documents, revisions and what else there is
   * - `base`: the backup that this increment continues is missing, damaged or another one
   */
  readonly kind: 'unreadable' | 'structure' | 'series' | 'content' | 'base';
  readonly key?: SeriesKey;
  readonly message: string;
}

export interface BackupVerification {
  /** Whether it can be restored as it was made. */
  readonly ok: boolean;
  /** At most a thousand. */
  readonly problems: readonly BackupProblem[];
  /** `undefined` when that cannot be read. */
  readonly backup: BackupDescription | undefined;
  readonly bytes: number;
  readonly tookMs: number;
}

export interface RestoreReport extends BackupDescription {
  /** The database file; `undefined` when this storage has it now. */
  readonly path: string | undefined;
  readonly tookMs: number;
}

/** How many backups are kept: those that any of these keeps. Days, weeks (from Monday) and months are UTC. */
export interface BackupRetention {
  /** The latest ones. */
  readonly last?: number | undefined;
  /** The latest one of each of so many days, weeks and months that have any. */
  readonly daily?: number | undefined;
  readonly weekly?: number | undefined;
  readonly monthly?: number | undefined;
}

export interface PruneOptions extends CallOptions {
  /** Its files that are backups are looked at, and nothing else. */
  readonly directory: string;
  readonly keep: BackupRetention;
}

export interface PruneReport {
  /** Paths, latest first. */
  readonly kept: readonly string[];
  readonly removed: readonly string[];
}

/** Copies of everything that is stored, made while reads and writes go on. */
export interface IStorageBackup {
  /** What `create`, `verify` and `restore` take. */
  readonly media: readonly BackupMedium[];

  /**
   * Copies one state of the storage: all that was acknowledged before the call is in it, and of later
   * writes a part that the storage once held, whole. What is in the backup has been read back and
   * compared when the promise resolves. A file comes into being in one step; a backup that fails, is
   * aborted, late or killed leaves none, but perhaps a temporary file beside it, which the next backup
   * into that directory removes.
   *
   * @throws BarkeepError `TIMEOUT` after `deadlineMs`; `BUSY` when `to` is a database that is open;
   * `INVALID_INPUT` when there is a file already; `CORRUPT` when what is stored is damaged.
   */
  create(options?: BackupOptions): Promise<BackupReport>;

  /**
   * Reads a backup as a whole and compares it with what was recorded when it was made.
   * @throws BarkeepError `CANNOT_OPEN` when there is no such file.
   */
  verify(from: BackupSource, options?: CallOptions): Promise<BackupVerification>;

  /**
   * Makes a database of a backup, which is verified first, in one step: when it fails or is killed, what
   * was there is there still. Where this storage is replaced, subscribers hear `lagged`, and all
   * revisions are new.
   *
   * @throws BarkeepError `CORRUPT` when the backup is damaged; `BUSY` when the database at `to` is open,
   * here or in another process; `INVALID_INPUT` when there is something already, without `overwrite`.
   */
  restore(options: RestoreOptions): Promise<RestoreReport>;

  /**
   * Removes the backups of a directory that `keep` does not keep. The only one that can be restored stays
   * in any case, and so does each that a kept increment needs.
   */
  prune(options: PruneOptions): Promise<PruneReport>;
}
