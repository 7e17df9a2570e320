import type { EpochMs } from '@barkeep/core';
import type { CacheValue } from './cache-value.ts';

/** An entry as adapters store it: validated, with an absolute expiry. */
export interface CacheEntry {
  readonly key: string;
  readonly value: CacheValue;
  /** The instant from which it is expired; `Infinity` if never. */
  readonly expiresAt: EpochMs;
  /**
   * The same instant in this process's monotonic time. Only set for adapters with `keepsDeadlines`.
   */
  readonly deadline?: number | undefined;
  /** Without duplicates. */
  readonly tags: readonly string[];
}
