import type { Platform } from '@barkeep/core';

/**
 * What an adapter can do. Constant for the life of an instance. An adapter states what goes beyond the least:
 * entries of its own `process`, not persistent, in `node`, without bounds.
 */
export interface CacheCapabilities {
  /** Whether several processes see one another's entries. */
  readonly sharing: 'process' | 'multi-process';
  /** Whether entries survive a restart. */
  readonly persistent: boolean;
  readonly platforms: readonly Platform[];
  /** The most entries it keeps; `undefined` when it has no such bound. */
  readonly maxEntries?: number | undefined;
  /** The most bytes its entries take; `undefined` when it has no such bound. */
  readonly maxBytes?: number | undefined;
}
