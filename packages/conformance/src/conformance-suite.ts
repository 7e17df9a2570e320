import type { ConformanceHarness, ConformanceSubject } from './conformance-harness.ts';
import type { ScenarioContext } from './scenario-context.ts';

/** One thing every adapter must do: data, so that any test runner can run it. */
export interface Scenario<Subject extends ConformanceSubject> {
  /** Stable and unique, such as `storage/write/last-write-wins`: reports and `knownGaps` name it. */
  readonly key: string;
  /** The promise it checks, in words. */
  readonly title: string;
  /** Why an adapter need not keep the promise, or its harness cannot test it; absent: it must. */
  readonly requires?: (
    capabilities: Subject['capabilities'],
    harness: Partial<ConformanceHarness<Subject>>,
  ) => string | undefined;
  /** How long it may take before it counts as hanging. Default: 30,000 ms. */
  readonly timeoutMs?: number;
  /** Rejects when the promise is broken. */
  run(context: ScenarioContext<Subject>): Promise<void>;
}

/** All scenarios of one contract. */
export interface ConformanceSuite<Subject extends ConformanceSubject> {
  /** The contract's name, such as `storage`: every key starts with it. */
  readonly name: string;
  readonly scenarios: readonly Scenario<Subject>[];
  /** Stores something in a subject, and tells whether another one has it: two contexts share nothing. */
  readonly mark?: {
    set(subject: Subject): Promise<unknown>;
    isSet(subject: Subject): Promise<boolean>;
  };
}

type Conditions<Subject extends ConformanceSubject> = Pick<
  Scenario<Subject>,
  'requires' | 'timeoutMs'
>;

/** What makes the scenarios of one suite: `scenario` of an open subject, `bareScenario` of none. */
export interface ScenarioMaker<Subject extends ConformanceSubject> {
  scenario(
    key: string,
    title: string,
    run: (subject: Subject, context: ScenarioContext<Subject>) => Promise<void>,
    conditions?: Conditions<Subject>,
  ): Scenario<Subject>;
  bareScenario(
    key: string,
    title: string,
    run: (context: ScenarioContext<Subject>) => Promise<void>,
    conditions?: Conditions<Subject>,
  ): Scenario<Subject>;
}

export function scenarioMaker<Subject extends ConformanceSubject>(
  suite: string,
): ScenarioMaker<Subject> {
  const bareScenario: ScenarioMaker<Subject>['bareScenario'] = (key, title, run, conditions) => ({
    key: `${suite}/${key}`,
    title,
    run,
    ...conditions,
  });
  return {
    bareScenario,
    scenario: (key, title, run, conditions) =>
      bareScenario(key, title, async (context) => run(await context.open(), context), conditions),
  };
}

/** Parts of a harness that not every harness has, and what is said of those scenarios without them. */
const OPTIONAL_PARTS = {
  createAt: 'its harness opens no files',
  faults: 'its harness knows no faults of what lies below',
  crashes: 'its harness knows no way to end in the midst of a write',
  damages: 'its harness knows no way to damage what is kept',
};

export function needs<Part extends keyof typeof OPTIONAL_PARTS>(part: Part) {
  return {
    requires: (_: unknown, harness: { readonly [Name in Part]?: unknown }): string | undefined =>
      harness[part] === undefined ? OPTIONAL_PARTS[part] : undefined,
  };
}
