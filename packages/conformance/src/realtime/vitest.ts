import { registerConformance } from '../register-conformance.ts';
import { realtimeSuite } from './index.ts';
import type { RealtimeHarness } from './realtime-harness.ts';

/** Registers the realtime suite with Vitest, one test per scenario. */
export function registerRealtimeConformance(harness: RealtimeHarness): void {
  registerConformance(realtimeSuite, harness);
}
