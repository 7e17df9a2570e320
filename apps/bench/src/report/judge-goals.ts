import type { Goal, Unit } from '../bench-case.ts';
import type { CaseResult, MetricResult } from '../run-case.ts';

/** A goal with what was measured. */
export interface JudgedGoal {
  readonly case: string;
  readonly id: string;
  readonly title: string;
  /** Of `measured` and `limit`. */
  readonly unit: Unit;
  /** Barkeep's median. */
  readonly measured: number;
  readonly limit: number;
  readonly met: boolean;
}

/** Holds the medians of a case against its goals. */
export function judgeGoals({ name, plan, metrics }: CaseResult): JudgedGoal[] {
  return (plan.goals ?? []).map((goal) => {
    const measured = medianOf(metrics, goal.metric);
    const limit = limitOf(goal, metrics);
    return {
      case: name,
      id: goal.id,
      title: goal.title,
      unit: metrics.find(({ metric }) => metric.name === goal.metric)?.metric.unit ?? 'ms',
      measured,
      limit,
      met: measured <= limit,
    };
  });
}

function limitOf({ limit, metric }: Goal, metrics: readonly MetricResult[]): number {
  if ('atMost' in limit) return limit.atMost;
  if ('metric' in limit) return limit.times * medianOf(metrics, limit.metric);
  return limit.times * medianOf(metrics, metric, limit.contender);
}

/** Of a contender, or of Barkeep. */
function medianOf(metrics: readonly MetricResult[], name: string, contender?: string): number {
  const contenders = metrics.find(({ metric }) => metric.name === name)?.contenders ?? [];
  const found =
    contender === undefined ? contenders[0] : contenders.find((one) => one.name === contender);
  return found?.median ?? Number.NaN;
}
