import { registerConformance } from '../register-conformance.ts';
import { type StorageHarness, storageSuite } from './index.ts';

/** Registers the storage suite with Vitest, one test per scenario that concerns the adapter. */
export function registerStorageConformance(harness: StorageHarness): void {
  registerConformance(storageSuite, harness);
}
