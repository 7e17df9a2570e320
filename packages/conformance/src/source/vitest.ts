import { registerConformance } from '../register-conformance.ts';
import type { CoordinatorHarness } from './coordinator/coordinator-harness.ts';
import { coordinatorConformanceHarness } from './coordinator/coordinator-subject.ts';
import { coordinatorSuite, routerSuite } from './index.ts';
import type { RouterHarness } from './router/router-harness.ts';
import { routerConformanceHarness } from './router/router-subject.ts';

/** Registers the router suite with Vitest, one test per scenario. */
export function registerRouterConformance(harness: RouterHarness): void {
  registerConformance(routerSuite, routerConformanceHarness(harness));
}

/** Registers the coordinator suite with Vitest, one test per scenario. */
export function registerCoordinatorConformance(harness: CoordinatorHarness): void {
  registerConformance(coordinatorSuite, coordinatorConformanceHarness(harness));
}
