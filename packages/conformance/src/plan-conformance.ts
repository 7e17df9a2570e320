import type { ConformanceHarness, ConformanceSubject } from './conformance-harness.ts';
import type { ConformanceSuite, Scenario } from './scenario.ts';
import { ScenarioContext } from './scenario-context.ts';

export interface PlannedScenario<Subject extends ConformanceSubject> {
  readonly scenario: Scenario<Subject>;
  /** Why it is expected to fail; `undefined` when it must pass. */
  readonly knownGap: string | undefined;
}

export interface ConformancePlan<Subject extends ConformanceSubject> {
  readonly planned: PlannedScenario<Subject>[];
  readonly skipped: { readonly key: string; readonly reason: string }[];
}

/**
 * Which scenarios concern an adapter, judged by the capabilities of an instance of it.
 * @throws TypeError when `knownGaps` or `only` has a key that no scenario has.
 */
export async function planConformance<Subject extends ConformanceSubject>(
  suite: ConformanceSuite<Subject>,
  harness: ConformanceHarness<Subject>,
  only?: readonly string[],
): Promise<ConformancePlan<Subject>> {
  const { knownGaps = {} } = harness;
  assertKeysExist(suite, Object.keys(knownGaps), 'knownGaps');
  assertKeysExist(suite, only ?? [], 'only');
  const chosen = suite.scenarios.filter(({ key }) => only?.includes(key) ?? true);
  return planScenarios(chosen, await capabilitiesOf(harness), knownGaps, harness);
}

/** The same for known capabilities. */
export function planScenarios<Subject extends ConformanceSubject>(
  scenarios: readonly Scenario<Subject>[],
  capabilities: Subject['capabilities'],
  knownGaps: Readonly<Record<string, string>> = {},
  harness: Pick<ConformanceHarness<Subject>, 'damages'> = {},
): ConformancePlan<Subject> {
  const plan: ConformancePlan<Subject> = { planned: [], skipped: [] };
  for (const scenario of scenarios) {
    const reason = scenario.requires?.(capabilities, harness);
    if (reason === undefined) plan.planned.push({ scenario, knownGap: knownGaps[scenario.key] });
    else plan.skipped.push({ key: scenario.key, reason });
  }
  return plan;
}

async function capabilitiesOf<Subject extends ConformanceSubject>(
  harness: ConformanceHarness<Subject>,
): Promise<Subject['capabilities']> {
  const context = new ScenarioContext(harness);
  try {
    return (await context.create()).capabilities;
  } finally {
    await context.dispose();
  }
}

function assertKeysExist<Subject extends ConformanceSubject>(
  suite: ConformanceSuite<Subject>,
  keys: readonly string[],
  field: string,
): void {
  const known = new Set(suite.scenarios.map(({ key }) => key));
  const unknown = keys.filter((key) => !known.has(key));
  if (unknown.length > 0) {
    throw new TypeError(`${field}: the ${suite.name} suite has no scenario ${unknown.join(', ')}`);
  }
}
