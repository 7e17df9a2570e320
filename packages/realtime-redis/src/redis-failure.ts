import { BarkeepError, type BarkeepErrorCode } from '@barkeep/core';

/** What the first word of a server's error says. */
const REPLIES: Readonly<Record<string, BarkeepErrorCode>> = {
  READONLY: 'READ_ONLY',
  OOM: 'DISK_FULL',
  MISCONF: 'UNAVAILABLE',
  LOADING: 'UNAVAILABLE',
  MASTERDOWN: 'UNAVAILABLE',
  CLUSTERDOWN: 'UNAVAILABLE',
  TRYAGAIN: 'UNAVAILABLE',
  NOREPLICAS: 'UNAVAILABLE',
  BUSY: 'BUSY',
  LATE: 'TIMEOUT',
  NOAUTH: 'CANNOT_OPEN',
  WRONGPASS: 'CANNOT_OPEN',
  NOPERM: 'CANNOT_OPEN',
  WRONGTYPE: 'CORRUPT',
};

/** A failure of Redis or of the way to it, as a `BarkeepError`. */
export function redisFailure(error: unknown): BarkeepError {
  if (BarkeepError.is(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  const cause = withoutCommand(error);
  return new BarkeepError(codeOf(error, message), `Redis: ${message}`, { cause });
}

/** ioredis notes beside an error what was sent: the password of `AUTH`, or all data of a batch. */
function withoutCommand(error: unknown): unknown {
  if (!(error instanceof Error) || !('command' in error)) return error;
  const { name, message, stack } = error;
  return Object.assign(new Error(message), { name, stack });
}

function codeOf(error: unknown, message: string): BarkeepErrorCode {
  if (!(error instanceof Error) || error.name === 'ReplyError') {
    return REPLIES[/^[A-Z]+/.exec(message)?.[0] ?? ''] ?? 'INTERNAL';
  }
  // A mistake in a program is none of Redis.
  if (error instanceof TypeError || error instanceof RangeError) {
    return 'INTERNAL';
  }
  if (message === 'Command timed out') return 'TIMEOUT';
  return 'UNAVAILABLE';
}
