import {
  type EpochMs,
  invalidInput,
  MAX_EPOCH_MS,
  MIN_EPOCH_MS,
  requiredTimestamp,
} from '@barkeep/core';
import type { CacheSetOptions } from './data-cache.ts';

const NEVER = Number.POSITIVE_INFINITY;

/**
 * Converts `expiresAt`, `ttlMs` or the default TTL to an absolute time.
 * @throws BarkeepError `INVALID_INPUT` naming `expiresAt` or `ttlMs`.
 */
export function absoluteExpiry(
  options: Pick<CacheSetOptions, 'expiresAt' | 'ttlMs'>,
  defaultTtlMs: number,
  now: EpochMs,
  index?: number,
): EpochMs {
  const { expiresAt, ttlMs } = options;
  if (ttlMs !== undefined) validateTtl(ttlMs, 'ttlMs', index);
  if (expiresAt === undefined) return instantAfter(now, ttlMs ?? defaultTtlMs);
  if (ttlMs !== undefined) {
    throw fault('ttlMs', 'must not be given together with expiresAt', ttlMs, index);
  }
  if (expiresAt !== NEVER) requiredTimestamp(expiresAt, 'expiresAt', index);
  return expiresAt;
}

/**
 * Throws unless the TTL is a number other than NaN.
 * @throws BarkeepError `INVALID_INPUT`.
 */
export function validateTtl(ttlMs: unknown, field: string, index?: number): void {
  if (typeof ttlMs === 'number' && !Number.isNaN(ttlMs)) return;
  throw fault(field, 'must be a number of milliseconds', ttlMs, index);
}

/** Clamped to valid timestamps. Later than the year 9999 means never. */
function instantAfter(now: EpochMs, ttlMs: number): EpochMs {
  const expiresAt = Math.max(MIN_EPOCH_MS, Math.ceil(now + ttlMs));
  return expiresAt > MAX_EPOCH_MS ? NEVER : expiresAt;
}

function fault(field: string, rule: string, value: unknown, index: number | undefined): Error {
  return invalidInput({ field, rule, value, ...(index === undefined ? {} : { index }) });
}
