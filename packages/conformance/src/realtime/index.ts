import type { IRealtimeCache } from '@barkeep/realtime';
import type { ConformanceSuite } from '../conformance-suite.ts';
import { handleScenarios } from '../handle-scenarios.ts';
import {
  type ConformanceOptions,
  type ConformanceReport,
  runConformance,
} from '../run-conformance.ts';
import type { RealtimeHarness } from './realtime-harness.ts';
import { REALTIME_OPERATIONS } from './realtime-operations.ts';
import { realtimeScenarios } from './realtime-scenario.ts';
import { assertEmpty } from './realtime-state.ts';
import { SYMBOL, sampleTicker } from './sample-market.ts';
import { damageScenarios } from './scenarios/damage.ts';
import { expiryScenarios } from './scenarios/expiry.ts';
import { fieldScenarios } from './scenarios/fields.ts';
import { inputScenarios } from './scenarios/input.ts';
import { latestScenarios } from './scenarios/latest.ts';
import { modelScenarios } from './scenarios/model.ts';
import { replayScenarios } from './scenarios/replay.ts';
import { subscribeScenarios } from './scenarios/subscribe.ts';
import { tradeScenarios } from './scenarios/trades.ts';
import { wholeScenarios } from './scenarios/whole.ts';

export type * from '../conformance-harness.ts';
export type { ConformanceSuite, Scenario } from '../conformance-suite.ts';
export type { ConformanceOptions, ConformanceReport } from '../run-conformance.ts';
export type * from './realtime-harness.ts';

/** What every `IRealtimeCache` must do. */
export const realtimeSuite: ConformanceSuite<IRealtimeCache> = {
  name: 'realtime',
  mark: {
    set: ({ tickers }) => tickers.set(sampleTicker()),
    isSet: async ({ tickers }) => (await tickers.get(SYMBOL)) !== undefined,
  },
  scenarios: [
    ...handleScenarios(realtimeScenarios, { operations: () => REALTIME_OPERATIONS, assertEmpty }),
    ...latestScenarios,
    ...fieldScenarios,
    ...tradeScenarios,
    ...replayScenarios,
    ...expiryScenarios,
    ...damageScenarios,
    ...subscribeScenarios,
    ...inputScenarios,
    ...wholeScenarios,
    ...modelScenarios,
  ],
};

/** Runs the realtime suite without a test runner. An adapter conforms when `failed` is empty. */
export function runRealtimeConformance(
  harness: RealtimeHarness,
  options?: ConformanceOptions,
): Promise<ConformanceReport> {
  return runConformance(realtimeSuite, harness, options);
}
