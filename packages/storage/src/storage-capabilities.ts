import type { Platform } from '@barkeep/core';

/**
 * What a resolved `write` survives, weakest first.
 *
 * - `volatile`: nothing; data is gone when the handle closes
 * - `snapshot`: everything up to the last `flush()` or `close()` survives a crash
 * - `process-crash`: every resolved write survives a crash of the process, but not of the machine
 * - `power-loss`: every resolved write survives a power failure
 */
export type Durability = 'volatile' | 'snapshot' | 'process-crash' | 'power-loss';

/**
 * What an adapter supports. Constant for the life of an instance; the conformance suite checks it
 * both ways. An adapter declares only what exceeds the defaults: `volatile`, `changes: 'process'`,
 * `exclusive`, `node`, and no optional part.
 */
export interface StorageCapabilities {
  readonly durability: Durability;
  /**
   * Which changes the feed reports: `process` those of this instance, `shared` also those of other
   * processes.
   */
  readonly changes: 'process' | 'shared';
  /** Whether several processes can open the same data at the same time. */
  readonly sharing: 'exclusive' | 'multi-process';
  /** Where it runs. */
  readonly platforms: readonly Platform[];
  /** Whether `candles.revisions` is supported. */
  readonly revisions: boolean;
  /** Whether `storage.integrity` is present. */
  readonly integrity: boolean;
  /** Whether `storage.maintenance` is present. */
  readonly maintenance: boolean;
  /** Whether `storage.backup` is present. */
  readonly backup: boolean;
}
