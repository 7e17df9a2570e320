import type { ConformanceHarness, ConformanceSubject } from './conformance-harness.ts';

/** An adapter that is wrong on purpose. A suite that lets it pass is not worth running. */
export interface PlantedBug<Subject extends ConformanceSubject> {
  /** What it does wrong, such as `drops-the-last-candle`. */
  readonly name: string;
  /** The key of the scenario that must fail. Others may fail too. */
  readonly caughtBy: string;
  readonly harness: ConformanceHarness<Subject>;
}
