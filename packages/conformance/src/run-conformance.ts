import type { ConformanceHarness, ConformanceSubject } from './conformance-harness.ts';
import { planConformance } from './plan-conformance.ts';
import { runScenario } from './run-scenario.ts';
import type { ConformanceSuite } from './scenario.ts';

/** What became of each scenario, by key. An adapter conforms when `failed` is empty. */
export interface ConformanceReport {
  readonly passed: string[];
  readonly failed: { readonly key: string; readonly error: unknown }[];
  /** Not run, because the adapter does not declare the capability. */
  readonly skipped: { readonly key: string; readonly reason: string }[];
  /** Failed, as the harness' `knownGaps` say. */
  readonly gaps: { readonly key: string; readonly reason: string; readonly error: unknown }[];
}

export interface ConformanceOptions {
  /** Runs these scenarios only, by key. Default: all. */
  readonly only?: readonly string[];
}

/**
 * Runs a suite without a test runner, one scenario after the other.
 * @throws TypeError when `knownGaps` or `only` has a key that no scenario has.
 */
export async function runConformance<Subject extends ConformanceSubject>(
  suite: ConformanceSuite<Subject>,
  harness: ConformanceHarness<Subject>,
  options: ConformanceOptions = {},
): Promise<ConformanceReport> {
  const { planned, skipped } = await planConformance(suite, harness, options.only);
  const report: ConformanceReport = { passed: [], failed: [], skipped, gaps: [] };
  for (const { scenario, knownGap: reason } of planned) {
    const { key } = scenario;
    try {
      await runScenario(scenario, harness);
      if (reason === undefined) report.passed.push(key);
      else report.failed.push({ key, error: new Error(`${key} passes: take it off knownGaps`) });
    } catch (error) {
      if (reason === undefined) report.failed.push({ key, error });
      else report.gaps.push({ key, reason, error });
    }
  }
  return report;
}
