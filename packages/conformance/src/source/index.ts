import type { ConformanceSuite } from '../conformance-suite.ts';
import {
  type ConformanceOptions,
  type ConformanceReport,
  runConformance,
} from '../run-conformance.ts';
import {
  type CoordinatorHarness,
  type CoordinatorSubject,
  coordinatorCapabilities,
} from './coordinator/coordinator-harness.ts';
import { coordinatorScenarios } from './coordinator/coordinator-scenarios.ts';
import { subjectHarness } from './port-subject.ts';
import {
  type RouterHarness,
  type RouterSubject,
  routerCapabilities,
} from './router/router-harness.ts';
import { routerScenarios } from './router/router-scenarios.ts';

export type { HarnessContext, ModelOptions } from '../conformance-harness.ts';
export type { ConformanceSuite, Scenario } from '../conformance-suite.ts';
export type { ConformanceOptions, ConformanceReport } from '../run-conformance.ts';
export type * from './coordinator/coordinator-harness.ts';
export type * from './port-subject.ts';
export type * from './router/router-harness.ts';

/** What every `ISmartRouter` must do. */
export const routerSuite: ConformanceSuite<RouterSubject> = {
  name: 'router',
  // A router that another context had is closed.
  mark: {
    set: async ({ underTest }) => underTest.exchange.connect([]),
    isSet: async ({ underTest }) => underTest.router.connection.status === 'closed',
  },
  scenarios: routerScenarios,
};

/** Runs the router suite without a test runner. A router conforms when `failed` is empty. */
export function runRouterConformance(
  harness: RouterHarness,
  options?: ConformanceOptions,
): Promise<ConformanceReport> {
  return runConformance(routerSuite, subjectHarness(harness, routerCapabilities), options);
}

/** What every `IMarketDataCoordinator` must do. */
export const coordinatorSuite: ConformanceSuite<CoordinatorSubject> = {
  name: 'coordinator',
  scenarios: coordinatorScenarios,
};

/** Runs the coordinator suite without a test runner. A coordinator conforms when `failed` is empty. */
export function runCoordinatorConformance(
  harness: CoordinatorHarness,
  options?: ConformanceOptions,
): Promise<ConformanceReport> {
  return runConformance(
    coordinatorSuite,
    subjectHarness(harness, coordinatorCapabilities),
    options,
  );
}
