import type { Workload } from './workload.ts';

/** One thing that is measured. To add one: a file in `cases/`, and its name in `cases/cases.ts`. */
export interface BenchCase {
  /** What `--only` selects it by. */
  readonly name: string;
  /** One line for `--help`. */
  readonly about: string;
  /** Why it cannot run here, such as a server that is not installed. Default: it can. */
  readonly missing?: () => string | undefined;
  plan(workload: Workload): CasePlan;
}

/** A case with the data it runs on. */
export interface CasePlan {
  readonly title: string;
  readonly metrics: readonly Metric[];
  /** The first one is Barkeep; the others are compared with it. */
  readonly contenders: readonly Contender[];
  /** What every sample of every contender must answer. Worked out from the data, by no contender. */
  readonly expected: string;
  /** Whether each contender runs once unmeasured first: for cases so short that compiling counts. */
  readonly warmUp: boolean;
  readonly goals?: readonly Goal[];
}

/** Something that each sample reads off: the less, the better. */
export interface Metric {
  /** Its key in `Sample.readings`. */
  readonly name: string;
  readonly title: string;
  readonly unit: Unit;
  /** What one reading got done, for a rate. Default: no rate is shown. */
  readonly work?: { readonly amount: number; readonly unit: string };
}

/** Milliseconds, or bytes of disk or memory. */
export type Unit = 'ms' | 'bytes';

export interface Contender {
  readonly name: string;
  /** How it is written, with the settings that matter. */
  readonly description: string;
  /** The npm packages it measures, for the versions in the report. */
  readonly libraries: readonly string[];
  /** Gets ready, unmeasured, in an empty directory of its own. */
  prepare(directory: string): Promise<Trial>;
}

export interface Trial {
  sample(): Promise<Sample>;
  close(): Promise<void>;
}

export interface Sample {
  /** In the metric's unit, by metric. */
  readonly readings: Readonly<Record<string, number>>;
  /** What came out, to be compared with `CasePlan.expected`. */
  readonly answer: string;
}

/** A bound that Barkeep's median must keep. */
export interface Goal {
  /** The number of the requirement, such as `F1`; empty for a goal without one. */
  readonly id: string;
  readonly title: string;
  readonly metric: string;
  /**
   * An amount in the metric's unit, or so many times another median: another contender's, or
   * Barkeep's own in another metric.
   */
  readonly limit:
    | { readonly atMost: number }
    | { readonly times: number; readonly contender: string }
    | { readonly times: number; readonly metric: string };
}
