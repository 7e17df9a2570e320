import { BarkeepError, type BarkeepErrorCode } from '@barkeep/core';

interface Reading {
  readonly code: BarkeepErrorCode;
  readonly retryable: boolean;
}

/** What the first word of a server's error says. */
const REPLIES: Readonly<Record<string, Reading>> = {
  READONLY: { code: 'READ_ONLY', retryable: false },
  OOM: { code: 'DISK_FULL', retryable: true },
  MISCONF: { code: 'UNAVAILABLE', retryable: true },
  LOADING: { code: 'UNAVAILABLE', retryable: true },
  MASTERDOWN: { code: 'UNAVAILABLE', retryable: true },
  CLUSTERDOWN: { code: 'UNAVAILABLE', retryable: true },
  TRYAGAIN: { code: 'UNAVAILABLE', retryable: true },
  NOREPLICAS: { code: 'UNAVAILABLE', retryable: true },
  BUSY: { code: 'BUSY', retryable: true },
  LATE: { code: 'TIMEOUT', retryable: true },
  NOAUTH: { code: 'CANNOT_OPEN', retryable: false },
  WRONGPASS: { code: 'CANNOT_OPEN', retryable: false },
  NOPERM: { code: 'CANNOT_OPEN', retryable: false },
  WRONGTYPE: { code: 'CORRUPT', retryable: false },
};

/** A failure of Redis or of the way to it, as a `BarkeepError`. */
export function redisFailure(error: unknown): BarkeepError {
  if (BarkeepError.is(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  const { code, retryable } = readingOf(error, message);
  return new BarkeepError(code, `Redis: ${message}`, { retryable, cause: withoutCommand(error) });
}

/** ioredis notes beside an error what was sent: the password of `AUTH`, or all data of a batch. */
function withoutCommand(error: unknown): unknown {
  if (!(error instanceof Error) || !('command' in error)) return error;
  const { name, message, stack } = error;
  return Object.assign(new Error(message), { name, stack });
}

function readingOf(error: unknown, message: string): Reading {
  if (!(error instanceof Error) || error.name === 'ReplyError') {
    return REPLIES[/^[A-Z]+/.exec(message)?.[0] ?? ''] ?? { code: 'INTERNAL', retryable: false };
  }
  // A mistake in a program is none of Redis.
  if (error instanceof TypeError || error instanceof RangeError) {
    return { code: 'INTERNAL', retryable: false };
  }
  if (message === 'Command timed out') return { code: 'TIMEOUT', retryable: true };
  return { code: 'UNAVAILABLE', retryable: true };
}
