import {
  BarkeepError,
  type BarkeepErrorCode,
  type BarkeepErrorDetails,
  type CandleColumns,
} from '@barkeep/core';
import type { SqliteEngine, SqliteEngineOptions } from '@barkeep/sqlite-engine';
import type { BetterSqlite3Options } from './better-sqlite3-driver.ts';

export interface ConnectionOptions extends BetterSqlite3Options, SqliteEngineOptions {}

/** What the main thread can ask a worker for: `open` first, then the engine's methods. */
export type WorkerCalls = Pick<
  SqliteEngine,
  | 'write'
  | 'readMany'
  | 'readUpTo'
  | 'readPart'
  | 'readColumns'
  | 'remove'
  | 'list'
  | 'addCoverage'
  | 'coverageOf'
  | 'removeCoverage'
  | 'getMetadata'
  | 'setMetadata'
  | 'deleteMetadata'
  | 'metadataKeys'
  | 'size'
  | 'readChanges'
  | 'checkIntegrity'
  | 'quarantine'
  | 'archiveFigures'
  | 'compactSeries'
  | 'explain'
  | 'checkpoint'
  | 'close'
> & {
  open(options: ConnectionOptions): void;
  /** Has code compiled that reads will run: once in a thread. */
  warmUp(): void;
};

export type WorkerMethod = keyof WorkerCalls;

export interface WorkerRequest<M extends WorkerMethod = WorkerMethod> {
  readonly id: number;
  readonly method: M;
  readonly parameters: Parameters<WorkerCalls[M]>;
}

export type WorkerResponse =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: SentError };

/** A BarkeepError in plain values: class instances lose their class between threads. */
export interface SentError {
  readonly code: BarkeepErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly details: BarkeepErrorDetails;
  readonly cause: unknown;
}

export function packError({ code, message, retryable, details, cause }: BarkeepError): SentError {
  return { code, message, retryable, details, cause };
}

export function unpackError({ code, message, ...options }: SentError): BarkeepError {
  return new BarkeepError(code, message, options);
}

/** Below this many bytes, copying a buffer costs less than handing it over. */
const WORTH_MOVING = 32_768;

/** The memory of columns that is to be moved to another thread instead of copied. */
export function columnBuffers(all: readonly Partial<CandleColumns>[]): ArrayBuffer[] {
  const buffers = all
    .flatMap((columns) => Object.values(columns))
    .map((column) => column.buffer)
    .filter((buffer) => buffer instanceof ArrayBuffer)
    .filter((buffer) => buffer.byteLength >= WORTH_MOVING);
  // Columns may share a buffer, which can be moved only once.
  return [...new Set(buffers)];
}
