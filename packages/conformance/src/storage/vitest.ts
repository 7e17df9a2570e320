/** The conformance suite for storages, as Vitest tests. */
import { registerConformance } from '../register-conformance.ts';
import type { StorageHarness } from './storage-harness.ts';
import { storageSuite } from './storage-suite.ts';

/** Registers one test per scenario that concerns the adapter. Call it at the top of a test file. */
export function registerStorageConformance(harness: StorageHarness): void {
  registerConformance(storageSuite, harness);
}
