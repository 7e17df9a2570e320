import { describe, test } from 'vitest';
import type { ConformanceHarness, ConformanceSubject } from './conformance-harness.ts';
import { planConformance } from './plan-conformance.ts';
import { DEFAULT_TIMEOUT_MS, runScenario } from './run-scenario.ts';
import type { ConformanceSuite } from './scenario.ts';

/** The runner's own deadline comes first, because it names the scenario. */
const GRACE_MS = 5_000;

/**
 * Registers a suite with Vitest, one test per scenario. Scenarios that need a capability the adapter
 * does not declare are left out; known gaps are expected failures.
 */
export function registerConformance<Subject extends ConformanceSubject>(
  suite: ConformanceSuite<Subject>,
  harness: ConformanceHarness<Subject>,
): void {
  describe(`${harness.name}, ${suite.name} conformance`, async () => {
    const { planned } = await planConformance(suite, harness);
    for (const { scenario, knownGap } of planned) {
      const register = knownGap === undefined ? test : test.fails;
      const note = knownGap === undefined ? '' : ` (known gap: ${knownGap})`;
      register(
        `${scenario.key}: ${scenario.title}${note}`,
        () => runScenario(scenario, harness),
        (scenario.timeoutMs ?? DEFAULT_TIMEOUT_MS) + GRACE_MS,
      );
    }
  });
}
