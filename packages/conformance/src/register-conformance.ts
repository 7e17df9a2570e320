import { describe, test } from 'vitest';
import type { ConformanceHarness, ConformanceSubject } from './conformance-harness.ts';
import type { ConformanceSuite } from './conformance-suite.ts';
import { DEFAULT_TIMEOUT_MS, planConformance, runScenario } from './run-conformance.ts';

/** The runner's own deadline comes first, because it names the scenario. */
const GRACE_MS = 5_000;

/**
 * Registers a suite with Vitest, one test per scenario; known gaps are expected failures. Scenarios that
 * do not concern the adapter, or that its harness cannot test, are printed with the reason.
 */
export function registerConformance<Subject extends ConformanceSubject>(
  suite: ConformanceSuite<Subject>,
  harness: ConformanceHarness<Subject>,
): void {
  describe(`${harness.name}, ${suite.name} conformance`, async () => {
    const { planned, skipped } = await planConformance(suite, harness);
    for (const [reason, scenarios] of Map.groupBy(skipped, (one) => one.reason)) {
      const keys = scenarios.map(({ key }) => key).join(' ');
      console.info(`${harness.name}: ${scenarios.length} not run, because ${reason}: ${keys}`);
    }
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
