import type { ConformanceHarness, ConformanceSubject } from './conformance-harness.ts';
import type { ScenarioContext } from './scenario-context.ts';

/** One thing every adapter must do: data, so that any test runner can run it. */
export interface Scenario<Subject extends ConformanceSubject> {
  /** Stable and unique, such as `storage/write/last-write-wins`: reports and `knownGaps` name it. */
  readonly key: string;
  /** The promise it checks, in words. */
  readonly title: string;
  /**
   * Why a subject with these capabilities, or by what its harness can do, need not keep the promise;
   * absent: every subject must.
   */
  readonly requires?: (
    capabilities: Subject['capabilities'],
    harness?: Pick<ConformanceHarness<Subject>, 'damages'>,
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
}
