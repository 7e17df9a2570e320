import type { BenchReport, CaseReport, MetricReport } from './bench-report.ts';
import { formatAmount, formatCount, formatRate, formatRatio } from './format.ts';
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

function renderMetric(
  { title, unit, work, contenders }: MetricReport,
  titled: boolean,
): TableRow[] {
  return contenders.map(({ name, median, min, max, ratio }, index) => [
    titled ? `  ${title}: ${name}` : `  ${name}`,
    formatAmount(median, unit),
    `${formatAmount(min, unit)} – ${formatAmount(max, unit)}`,
    work === undefined ? '' : formatRate(work.amount, median, work.unit),
    index === 0 ? '' : formatRatio(ratio, unit),
  ]);
}

function renderGoals(goals: readonly JudgedGoal[]): string[] {
  if (goals.length === 0) return [];
  const header = ['', 'goal', 'measured', 'at most', '', 'met'];
  const rows = goals.map(({ id, title, unit, measured, limit, met }) => [
    id,
    title,
    formatAmount(measured, unit),
    formatAmount(limit, unit),
    met ? formatSpare(limit, measured) : formatExcess(limit, measured),
    met ? 'yes' : 'NO',
  ]);
  return ['', renderTable(['left', 'left', 'right', 'right', 'right', 'left'], [header, ...rows])];
}

function formatSpare(limit: number, measured: number): string {
  return measured === 0 ? '' : `${formatTimes(limit / measured)} to spare`;
}

function formatExcess(limit: number, measured: number): string {
  return limit === 0 ? 'too much' : `${formatTimes(measured / limit)} too much`;
}

function formatTimes(times: number): string {
  return times >= 10 ? `${formatCount(Math.floor(times))}×` : `${times.toFixed(1)}×`;
}
