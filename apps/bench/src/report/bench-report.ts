import type { Unit } from '../bench-case.ts';
import type { BenchOptions } from '../options.ts';
import type { CaseResult } from '../run-case.ts';
import { type JudgedGoal, judgeGoals } from './judge-goals.ts';
import type { Machine } from './machine.ts';

/** One run of the benchmarks, as it is printed and written to a file. */
export interface BenchReport {
  /** The version of this form. */
  readonly format: 2;
  /** When the run began, ISO 8601. */
  readonly date: string;
  readonly machine: Machine;
  /** Of Node.js, and of every npm package that took part. */
  readonly versions: Readonly<Record<string, string>>;
  readonly data: DataDescription;
  readonly options: Pick<BenchOptions, 'repeat' | 'series' | 'operations' | 'growth'>;
  readonly cases: readonly CaseReport[];
  /** Those with a number first. */
  readonly goals: readonly JudgedGoal[];
}

export interface DataDescription {
  readonly origin: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly candles: number;
  /** Of the first candle, ISO 8601. */
  readonly first: string;
  /** Of the last candle, ISO 8601. */
  readonly last: string;
}

export interface CaseReport {
  readonly name: string;
  readonly title: string;
  readonly metrics: readonly MetricReport[];
}

export interface MetricReport {
  readonly name: string;
  readonly title: string;
  /** Of all amounts below. */
  readonly unit: Unit;
  readonly work?: { readonly amount: number; readonly unit: string };
  /** Barkeep first. */
  readonly contenders: readonly ContenderReport[];
}

export interface ContenderReport {
  readonly name: string;
  readonly description: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** In the order they were taken. */
  readonly samples: readonly number[];
  /** This median over Barkeep's: above 1, Barkeep does better. Infinite over 0, in the file `null`. */
  readonly ratio: number;
}

/** What a run came to, without the data and the code it ran on. */
export function makeReport(
  head: Omit<BenchReport, 'format' | 'cases' | 'goals'>,
  results: readonly CaseResult[],
): BenchReport {
  return {
    format: 2,
    ...head,
    cases: results.map(reportCase),
    goals: results.flatMap(judgeGoals).sort(byRequirement),
  };
}

/** By number; goals without one come last, in the order of their cases. */
function byRequirement(a: JudgedGoal, b: JudgedGoal): number {
  if (a.id === '' || b.id === '') return Number(a.id === '') - Number(b.id === '');
  return a.id.localeCompare(b.id);
}

function reportCase({ name, plan, metrics }: CaseResult): CaseReport {
  const descriptions = new Map(plan.contenders.map((one) => [one.name, one.description]));
  return {
    name,
    title: plan.title,
    metrics: metrics.map(({ metric, contenders }) => ({
      ...metric,
      contenders: contenders.map(({ name: contender, ...summary }) => ({
        name: contender,
        description: descriptions.get(contender) ?? '',
        ...summary,
      })),
    })),
  };
}
