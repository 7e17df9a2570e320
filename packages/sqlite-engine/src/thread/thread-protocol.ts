import {
  BarkeepError,
  type BarkeepErrorCode,
  type BarkeepErrorDetails,
  type CandleColumns,
} from '@barkeep/core';

/** What a thread can be asked, by name: arguments and answers are data that can be sent. */
export type ThreadCalls = Readonly<Record<string, (...parameters: never[]) => unknown>>;

export interface ThreadRequest {
  readonly id: number;
  readonly method: string;
  readonly parameters: readonly unknown[];
}

export type ThreadResponse =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: SentError }
  /** Work that nobody asked for failed. */
  | { readonly failure: SentError };

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
