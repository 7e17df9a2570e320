import { registerConformance } from '../register-conformance.ts';
import {
  type CoordinatorHarness,
  coordinatorCapabilities,
} from './coordinator/coordinator-harness.ts';
import { coordinatorSuite, routerSuite } from './index.ts';
import { subjectHarness } from './port-subject.ts';
import { type RouterHarness, routerCapabilities } from './router/router-harness.ts';

/** Registers the router suite with Vitest, one test per scenario. */
export function registerRouterConformance(harness: RouterHarness): void {
  registerConformance(routerSuite, subjectHarness(harness, routerCapabilities));
}

/** Registers the coordinator suite with Vitest, one test per scenario. */
export function registerCoordinatorConformance(harness: CoordinatorHarness): void {
  registerConformance(coordinatorSuite, subjectHarness(harness, coordinatorCapabilities));
}
