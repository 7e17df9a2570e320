import type { Platform } from '@barkeep/core';

/**
 * What an adapter supports. Constant for the life of an instance. An adapter declares only what
 * exceeds the defaults: `sharing: 'process'`, not persistent, `node`, no bounds.
 */
export interface CacheCapabilities {
  /** Whether processes see each other's entries. */
  readonly sharing: 'process' | 'multi-process';
  /** Whether entries survive a restart. */
  readonly persistent: boolean;
  readonly platforms: readonly Platform[];
  /** Maximum number of entries; `undefined` if unbounded. */
  readonly maxEntries?: number | undefined;
  /** Maximum total size of the entries in bytes; `undefined` if unbounded. */
  readonly maxBytes?: number | undefined;
}
