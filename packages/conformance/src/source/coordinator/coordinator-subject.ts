import { compareTimeframes, type Timeframe } from '@barkeep/core';
import type { ConformanceHarness, ConformanceSubject } from '../../conformance-harness.ts';
import type {
  CoordinatorFailureKind,
  CoordinatorHarness,
  CoordinatorUnderTest,
} from './coordinator-harness.ts';

export interface CoordinatorCapabilities {
  /** Shortest first. */
  readonly timeframes: readonly Timeframe[];
  readonly failures: readonly CoordinatorFailureKind[];
  readonly hangs: boolean;
}

/** A coordinator under test, in the shape that the runner knows. */
export class CoordinatorSubject implements ConformanceSubject {
  readonly capabilities: CoordinatorCapabilities;
  readonly underTest: CoordinatorUnderTest;

  constructor(underTest: CoordinatorUnderTest) {
    const { series, failures = {}, hang } = underTest;
    this.underTest = underTest;
    this.capabilities = {
      timeframes: series.map(({ timeframe }) => timeframe).sort(compareTimeframes),
      failures: (['rateLimit', 'outage', 'refusal'] as const).filter((kind) => kind in failures),
      hangs: hang !== undefined,
    };
  }

  /** A coordinator has no life of its own: it is called, or it is not. */
  async open(): Promise<void> {}

  async close(): Promise<void> {
    await this.underTest.close?.();
  }
}

export function coordinatorConformanceHarness(
  harness: CoordinatorHarness,
): ConformanceHarness<CoordinatorSubject> {
  return {
    ...harness,
    create: async (context) => new CoordinatorSubject(await harness.create(context)),
  };
}
