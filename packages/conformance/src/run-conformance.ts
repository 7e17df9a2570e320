import { ConformanceError } from './assertions.ts';
import type { ConformanceHarness, ConformanceSubject } from './conformance-harness.ts';
import type { ConformanceSuite, Scenario } from './conformance-suite.ts';
import { ScenarioContext } from './scenario-context.ts';

export const DEFAULT_TIMEOUT_MS = 30_000;

/** What became of each scenario, by key. An adapter conforms when `failed` is empty. */
export interface ConformanceReport {
  readonly passed: string[];
  readonly failed: { readonly key: string; readonly error: unknown }[];
  /** Not run: the adapter does not declare the capability, or the harness has not what it takes. */
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
 * @throws TypeError when `knownGaps` or `only` has a key that no scenario has, or when the harness gives
 * two contexts the same data.
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
 * @throws TypeError as `runConformance` does.
 */
export async function planConformance<Subject extends ConformanceSubject>(
  suite: ConformanceSuite<Subject>,
  harness: ConformanceHarness<Subject>,
  only?: readonly string[],
): Promise<ConformancePlan<Subject>> {
  assertKeysExist(suite, Object.keys(harness.knownGaps ?? {}), 'knownGaps');
  assertKeysExist(suite, only ?? [], 'only');
  const chosen = suite.scenarios.filter(({ key }) => only?.includes(key) ?? true);
  const capabilities = await withContext(harness, async (context) => {
    return (await context.create()).capabilities;
  });
  if (await sharesData(suite, harness)) {
    throw new TypeError(
      `${harness.name}: create() gives two contexts the same data, so no scenario would start with an empty ${suite.name}. Make the place of the data from context.id or context.directory.`,
    );
  }
  return planScenarios(chosen, capabilities, harness);
}

/** The same for known capabilities. */
export function planScenarios<Subject extends ConformanceSubject>(
  scenarios: readonly Scenario<Subject>[],
  capabilities: Subject['capabilities'],
  harness: Partial<ConformanceHarness<Subject>> = {},
): ConformancePlan<Subject> {
  const plan: ConformancePlan<Subject> = { planned: [], skipped: [] };
  for (const scenario of scenarios) {
    const reason = scenario.requires?.(capabilities, harness);
    const knownGap = harness.knownGaps?.[scenario.key];
    if (reason === undefined) plan.planned.push({ scenario, knownGap });
    else plan.skipped.push({ key: scenario.key, reason });
  }
  return plan;
}

/** Runs one scenario on fresh subjects; rejects when the adapter breaks its promise or hangs. */
export async function runScenario<Subject extends ConformanceSubject>(
  { key, title, timeoutMs = DEFAULT_TIMEOUT_MS, run }: Scenario<Subject>,
  harness: ConformanceHarness<Subject>,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    const error = new ConformanceError(`it has not ended after ${timeoutMs} ms`);
    timer = setTimeout(() => reject(error), timeoutMs);
  });
  try {
    await Promise.race([withContext(harness, run), tooLong]);
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new ConformanceError(`${harness.name} breaks ${key}: ${title}.\n${what}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** Two contexts at once; an adapter that cannot even do this fails in its scenarios, with their words. */
async function sharesData<Subject extends ConformanceSubject>(
  { mark }: ConformanceSuite<Subject>,
  harness: ConformanceHarness<Subject>,
): Promise<boolean> {
  if (mark === undefined) return false;
  const answer = withContext(harness, async (context) => {
    await mark.set(await context.open());
    return mark.isSet(await context.open());
  });
  return answer.catch(() => false);
}

async function withContext<Subject extends ConformanceSubject, T>(
  harness: ConformanceHarness<Subject>,
  work: (context: ScenarioContext<Subject>) => Promise<T>,
): Promise<T> {
  const context = new ScenarioContext(harness);
  try {
    return await work(context);
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
