import { registerConformance } from '../register-conformance.ts';
import { type RealtimeHarness, realtimeSuite } from './index.ts';

/** Registers the realtime suite with Vitest, one test per scenario. */
export function registerRealtimeConformance(harness: RealtimeHarness): void {
  registerConformance(realtimeSuite, harness);
}
