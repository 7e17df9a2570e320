import { registerConformance } from '../register-conformance.ts';
import { routerSuite } from './index.ts';
import type { RouterHarness } from './router/router-harness.ts';
import { routerConformanceHarness } from './router/router-subject.ts';

/** Registers the router suite with Vitest, one test per scenario. */
export function registerRouterConformance(harness: RouterHarness): void {
  registerConformance(routerSuite, routerConformanceHarness(harness));
}
