import type { IRealtimeCache } from '@barkeep/realtime';
import type { ConformanceHarness } from '../conformance-harness.ts';

/**
 * How the realtime suite gets hold of an adapter. Its caches need the default expiries, and room for
 * 100 symbols and 50 trades a symbol; small bounds beyond that let the scenarios about bounds run fast.
 */
export type RealtimeHarness = ConformanceHarness<IRealtimeCache>;
