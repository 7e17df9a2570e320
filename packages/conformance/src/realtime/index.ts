import type { IRealtimeCache } from '@barkeep/realtime';
import type { ConformanceHarness } from '../conformance-harness.ts';
import type { ConformanceSuite } from '../conformance-suite.ts';
import {
  type ConformanceOptions,
  type ConformanceReport,
  runConformance,
} from '../run-conformance.ts';
import { SYMBOL, sampleTicker } from './sample-market.ts';
import { boundScenarios } from './scenarios/bounds.ts';
import { concurrencyScenarios } from './scenarios/concurrency.ts';
import { damageScenarios } from './scenarios/damage.ts';
import { expiryScenarios } from './scenarios/expiry.ts';
import { faultScenarios } from './scenarios/faults.ts';
import { inputScenarios } from './scenarios/input.ts';
import { lifecycleScenarios } from './scenarios/lifecycle.ts';
import { modelScenarios } from './scenarios/model.ts';
import { sharingScenarios } from './scenarios/sharing.ts';
import { subscribeScenarios } from './scenarios/subscribe.ts';

export type * from '../conformance-harness.ts';
export type { ConformanceSuite, Scenario } from '../conformance-suite.ts';
export type { ConformanceOptions, ConformanceReport } from '../run-conformance.ts';

/**
 * How the realtime suite gets hold of an adapter. Its caches need the default expiries, and room for
 * 100 symbols and 50 trades a symbol; small bounds beyond that let the scenarios about bounds run fast.
 */
export type RealtimeHarness = ConformanceHarness<IRealtimeCache>;

/** What every `IRealtimeCache` must do. */
export const realtimeSuite: ConformanceSuite<IRealtimeCache> = {
  name: 'realtime',
  mark: {
    set: ({ tickers }) => tickers.set(sampleTicker()),
    isSet: async ({ tickers }) => (await tickers.get(SYMBOL)) !== undefined,
  },
  scenarios: [
    ...modelScenarios,
    ...lifecycleScenarios,
    ...inputScenarios,
    ...expiryScenarios,
    ...subscribeScenarios,
    ...concurrencyScenarios,
    ...boundScenarios,
    ...faultScenarios,
    ...damageScenarios,
    ...sharingScenarios,
  ],
};

/** Runs the realtime suite without a test runner. An adapter conforms when `failed` is empty. */
export function runRealtimeConformance(
  harness: RealtimeHarness,
  options?: ConformanceOptions,
): Promise<ConformanceReport> {
  return runConformance(realtimeSuite, harness, options);
}
