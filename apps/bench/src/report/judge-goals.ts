import type { Goal } from '../bench-case.ts';
import type { CaseResult } from '../run-case.ts';

/** A goal with what was measured. */
export interface JudgedGoal {
  readonly case: string;
  readonly id: string;
  readonly title: string;
  /** Barkeep's median, in milliseconds. */
  readonly measured: number;
  /** In milliseconds. */
  readonly limit: number;
  readonly met: boolean;
}

/** Holds the medians of a case against its goals. */
export function judgeGoals(result: CaseResult): JudgedGoal[] {
  return (result.plan.goals ?? []).map((goal) => {
    const contenders =
      result.metrics.find(({ metric }) => metric.name === goal.metric)?.contenders ?? [];
    const measured = contenders[0]?.median ?? Number.NaN;
    const limit = limitOf(goal, new Map(contenders.map(({ name, median }) => [name, median])));
    return {
      case: result.name,
      id: goal.id,
      title: goal.title,
      measured,
      limit,
      met: measured <= limit,
    };
  });
}

function limitOf({ limit }: Goal, medians: ReadonlyMap<string, number>): number {
  if ('ms' in limit) return limit.ms;
  return limit.times * (medians.get(limit.contender) ?? Number.NaN);
}
