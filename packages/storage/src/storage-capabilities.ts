import type { Platform } from '@barkeep/core';

/**
 * What a resolved `write` has survived, weakest first.
 *
 * - `volatile`: nothing; the data is gone when the handle closes
 * - `snapshot`: everything up to the last `flush()` (or `close()`) survives a crash
 * - `process-crash`: every resolved write survives the end of the process, not of the machine
 * - `power-loss`: every resolved write survives a power cut
 */
export type Durability = 'volatile' | 'snapshot' | 'process-crash' | 'power-loss';

/**
 * What an adapter can do. Constant for the life of an instance, and tested both ways. An adapter states what
 * goes beyond the least: `volatile`, changes of its own `process`, `exclusive`, in `node`, and no more.
 */
export interface StorageCapabilities {
  readonly durability: Durability;
  /** Whose changes the change feed reports: this instance's, or also other processes'. */
  readonly changes: 'process' | 'shared';
  /** Whether several processes may have the same data open at the same time. */
  readonly sharing: 'exclusive' | 'multi-process';
  /** Where it runs. */
  readonly platforms: readonly Platform[];
  /** Whether `candles.revisions` answers. */
  readonly revisions: boolean;
  /** Whether `storage.integrity` is there. */
  readonly integrity: boolean;
  /** Whether `storage.maintenance` is there. */
  readonly maintenance: boolean;
  /** Whether `storage.backup` is there. */
  readonly backup: boolean;
}
