import type { BenchReport, CaseReport, MetricReport } from './bench-report.ts';
import { formatCount, formatDuration, formatRate, formatRatio } from './format.ts';
import type { JudgedGoal } from './judge-goals.ts';
import { renderTable, type TableRow } from './table.ts';

const GIB = 2 ** 30;

/** The report for people: machine and data, one table of all cases, one of the goals. */
export function renderReport(report: BenchReport): string {
  return [...renderHead(report), '', renderCases(report.cases), ...renderGoals(report.goals)].join(
    '\n',
  );
}

function renderHead({ date, machine, versions, data, options }: BenchReport): string[] {
  const libraries = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `Barkeep benchmarks, ${date}`,
    `machine   ${machine.cpu}, ${machine.cores} cores, ${(machine.memoryBytes / GIB).toFixed(1)} GiB, ${machine.os}`,
    `versions  ${libraries.join(', ')}`,
    `data      ${data.symbol} ${data.timeframe}, ${formatCount(data.candles)} candles from ${data.first} to ${data.last}, ${data.origin}`,
    `samples   ${options.repeat} of each, in turn; every result checked against the data`,
  ];
}

function renderCases(cases: readonly CaseReport[]): string {
  const header = ['', 'median', 'min – max', 'rate', 'Barkeep is'];
  const rows = cases.flatMap((one): TableRow[] => [
    '',
    `${one.title}  [${one.name}]`,
    ...one.metrics.flatMap((metric) => renderMetric(metric, one.metrics.length > 1)),
  ]);
  return renderTable(['left', 'right', 'right', 'right', 'left'], [header, ...rows]);
}

function renderMetric({ title, work, contenders }: MetricReport, titled: boolean): TableRow[] {
  return contenders.map(({ name, median, min, max, ratio }, index) => [
    titled ? `  ${title}: ${name}` : `  ${name}`,
    formatDuration(median),
    `${formatDuration(min)} – ${formatDuration(max)}`,
    work === undefined ? '' : formatRate(work.amount, median, work.unit),
    index === 0 ? '' : formatRatio(ratio),
  ]);
}

function renderGoals(goals: readonly JudgedGoal[]): string[] {
  if (goals.length === 0) return [];
  const header = ['', 'goal', 'measured', 'at most', '', 'met'];
  const rows = goals.map(({ id, title, measured, limit, met }) => [
    id,
    title,
    formatDuration(measured),
    formatDuration(limit),
    met ? `${formatTimes(limit / measured)} to spare` : `${formatTimes(measured / limit)} too slow`,
    met ? 'yes' : 'NO',
  ]);
  return ['', renderTable(['left', 'left', 'right', 'right', 'right', 'left'], [header, ...rows])];
}

function formatTimes(times: number): string {
  return times >= 10 ? `${formatCount(Math.floor(times))}×` : `${times.toFixed(1)}×`;
}
