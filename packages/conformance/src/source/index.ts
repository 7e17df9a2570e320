import type { ConformanceSuite } from '../conformance-suite.ts';
import {
  type ConformanceOptions,
  type ConformanceReport,
  runConformance,
} from '../run-conformance.ts';
import type { CoordinatorHarness } from './coordinator/coordinator-harness.ts';
import {
  type CoordinatorSubject,
  coordinatorConformanceHarness,
} from './coordinator/coordinator-subject.ts';
import { boundScenarios } from './coordinator/scenarios/bounds.ts';
import { endingScenarios } from './coordinator/scenarios/endings.ts';
import { fetchScenarios } from './coordinator/scenarios/fetch.ts';
import type { RouterHarness } from './router/router-harness.ts';
import { type RouterSubject, routerConformanceHarness } from './router/router-subject.ts';
import { connectionScenarios } from './router/scenarios/connection.ts';
import { modelScenarios } from './router/scenarios/model.ts';
import { streamScenarios } from './router/scenarios/streams.ts';
import { subscribeScenarios } from './router/scenarios/subscribe.ts';
import { valueScenarios } from './router/scenarios/values.ts';

export type { HarnessContext, ModelOptions } from '../conformance-harness.ts';
export type { ConformanceSuite, Scenario } from '../conformance-suite.ts';
export type { ConformanceOptions, ConformanceReport } from '../run-conformance.ts';
export type * from './coordinator/coordinator-harness.ts';
export type {
  CoordinatorCapabilities,
  CoordinatorSubject,
} from './coordinator/coordinator-subject.ts';
export type * from './router/router-harness.ts';
export type { RouterSubject } from './router/router-subject.ts';

/** What every `ISmartRouter` must do. */
export const routerSuite: ConformanceSuite<RouterSubject> = {
  name: 'router',
  scenarios: [
    ...connectionScenarios,
    ...valueScenarios,
    ...subscribeScenarios,
    ...streamScenarios,
    ...modelScenarios,
  ],
};

/** Runs the router suite without a test runner. A router conforms when `failed` is empty. */
export function runRouterConformance(
  harness: RouterHarness,
  options?: ConformanceOptions,
): Promise<ConformanceReport> {
  return runConformance(routerSuite, routerConformanceHarness(harness), options);
}

/** What every `IMarketDataCoordinator` must do. */
export const coordinatorSuite: ConformanceSuite<CoordinatorSubject> = {
  name: 'coordinator',
  scenarios: [...fetchScenarios, ...boundScenarios, ...endingScenarios],
};

/** Runs the coordinator suite without a test runner. A coordinator conforms when `failed` is empty. */
export function runCoordinatorConformance(
  harness: CoordinatorHarness,
  options?: ConformanceOptions,
): Promise<ConformanceReport> {
  return runConformance(coordinatorSuite, coordinatorConformanceHarness(harness), options);
}
