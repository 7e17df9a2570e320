import type {
  BackupFindings,
  BackupRecord,
  EngineCalls,
  Slice,
  SqliteEngineOptions,
} from '@barkeep/sqlite-engine';
import type { CreatedImage } from './image-backup.ts';

export interface DatabaseOptions extends SqliteEngineOptions {
  /** The bytes of its file; `undefined` for a new one. */
  readonly bytes: Uint8Array | undefined;
}

/** What a thread can be asked to do with backups, and what comes of it. */
export interface ImageJobs {
  create(job: Pick<BackupRecord, 'id' | 'createdAt'>): CreatedImage;
  verify(job: { readonly bytes: Uint8Array }): BackupFindings;
  /** Replaces the database that is open. */
  restore(job: { readonly bytes: Uint8Array; readonly overwrite: boolean }): BackupRecord;
}

export interface ImageRequestOf<K extends keyof ImageJobs> {
  readonly kind: K;
  readonly job: Parameters<ImageJobs[K]>[0];
}

export type ImageRequest = { readonly [K in keyof ImageJobs]: ImageRequestOf<K> }[keyof ImageJobs];

export type ImageResult = ReturnType<ImageJobs[keyof ImageJobs]>;

/** What the main thread can ask a worker for: `open` first, then the engine's methods. */
export type WorkerCalls = EngineCalls & {
  open(options: DatabaseOptions): void;
  /** The whole database as the bytes of a file. */
  snapshot(): Uint8Array;
  beginBackup(request: ImageRequest): void;
  /** Goes on for so many milliseconds, or to the end. */
  continueBackup(forMs: number): Slice<ImageResult>;
  /** Cleans up, whether it has come to its end or not. */
  endBackup(): void;
  close(): void;
};
