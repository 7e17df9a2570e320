import type { EpochMs } from '@barkeep/core';
import type { CacheValue } from './cache-value.ts';

/** An entry as adapters keep it: checked, with an absolute expiry. */
export interface CacheEntry {
  readonly key: string;
  readonly value: CacheValue;
  /** The first instant at which it is no longer live; `Infinity` when it never expires. */
  readonly expiresAt: EpochMs;
  /**
   * The same instant by the monotonic time of this process, where the adapter keeps the very entries that
   * it was given; others leave it out.
   */
  readonly deadline?: number | undefined;
  /** Without duplicates. */
  readonly tags: readonly string[];
}
