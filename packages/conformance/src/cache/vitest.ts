import { registerConformance } from '../register-conformance.ts';
import { type CacheHarness, cacheSuite } from './index.ts';

/** Registers the cache suite with Vitest, one test per scenario. */
export function registerCacheConformance(harness: CacheHarness): void {
  registerConformance(cacheSuite, harness);
}
