import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchCase, CasePlan, Contender, Metric, Sample, Trial } from './bench-case.ts';
import type { Progress } from './progress.ts';
import { type Summary, summarize } from './summary.ts';
import type { Workload } from './workload.ts';
import { WrongAnswerError } from './wrong-answer-error.ts';

export interface CaseResult {
  readonly name: string;
  readonly plan: CasePlan;
  /** In the order of the plan's metrics. */
  readonly metrics: readonly MetricResult[];
}

export interface MetricResult {
  readonly metric: Metric;
  /** In the order of the plan's contenders. */
  readonly contenders: readonly ContenderResult[];
}

export interface ContenderResult extends Summary {
  readonly name: string;
  /** The median over that of the first contender: above 1, Barkeep does better. `Infinity` over 0. */
  readonly ratio: number;
}

export interface RunOptions {
  /** How many samples each contender gives. */
  readonly repeat: number;
  readonly progress: Progress;
  /** Called before each sample, so that nobody pays for another's garbage. */
  readonly collectGarbage: () => void;
}

interface Entrant {
  readonly contender: Contender;
  readonly trial: Trial;
  readonly samples: Sample[];
}

/**
 * Measures one case: all contenders in turn, again and again (A B A B), so that a disturbance of
 * the machine meets all of them.
 *
 * @throws WrongAnswerError when a contender does not answer what the data says.
 */
export async function runCase(
  benchCase: BenchCase,
  workload: Workload,
  options: RunOptions,
): Promise<CaseResult> {
  const plan = benchCase.plan(workload);
  const directory = join(workload.directory, `case-${benchCase.name}`);
  const entrants: Entrant[] = [];
  const takeSample = async ({ contender, trial }: Entrant): Promise<Sample> => {
    options.collectGarbage();
    const sample = await trial.sample();
    if (sample.answer === plan.expected) return sample;
    throw new WrongAnswerError(benchCase.name, contender.name, plan.expected, sample.answer);
  };
  try {
    for (const contender of plan.contenders) {
      options.progress(`${benchCase.name}: preparing ${contender.name}`);
      const own = join(directory, String(entrants.length));
      await mkdir(own, { recursive: true });
      entrants.push({ contender, trial: await contender.prepare(own), samples: [] });
    }
    if (plan.warmUp) {
      for (const entrant of entrants) await takeSample(entrant);
    }
    for (let round = 1; round <= options.repeat; round += 1) {
      for (const entrant of entrants) {
        options.progress(
          `${benchCase.name}: ${entrant.contender.name}, ${round} of ${options.repeat}`,
        );
        entrant.samples.push(await takeSample(entrant));
      }
    }
  } finally {
    for (const { trial } of entrants) await trial.close();
    await rm(directory, { recursive: true, force: true });
  }
  const metrics = plan.metrics.map((metric) => compare(metric, entrants));
  return { name: benchCase.name, plan, metrics };
}

function compare(metric: Metric, entrants: readonly Entrant[]): MetricResult {
  const summaries = entrants.map(({ contender, samples }) => ({
    name: contender.name,
    ...summarize(samples.map(({ readings }) => readings[metric.name] ?? Number.NaN)),
  }));
  const baseline = summaries[0]?.median ?? Number.NaN;
  return {
    metric,
    contenders: summaries.map((summary) => ({ ...summary, ratio: over(summary.median, baseline) })),
  };
}

function over(median: number, baseline: number): number {
  return median === baseline ? 1 : median / baseline;
}
