import { join } from 'node:path';
import { FilledStores } from './candles/filled-stores.ts';
import { CASES } from './cases/cases.ts';
import { collectGarbage } from './collect-garbage.ts';
import { type Dataset, loadDataset } from './data/dataset.ts';
import type { BenchOptions } from './options.ts';
import type { Progress } from './progress.ts';
import { type BenchReport, type DataDescription, makeReport } from './report/bench-report.ts';
import { libraryVersions } from './report/library-versions.ts';
import { describeMachine } from './report/machine.ts';
import { type CaseResult, runCase } from './run-case.ts';
import { inTemporaryDirectory } from './temporary-directory.ts';
import type { Workload } from './workload.ts';

/** How many times the candles the growing store ends with, unless told. */
const DEFAULT_GROWTH = 4;

/** Runs the chosen cases one after the other; their files are gone afterwards. */
export async function runBench(options: BenchOptions, progress: Progress): Promise<BenchReport> {
  const date = new Date().toISOString();
  progress('preparing the data');
  const dataset = await loadDataset(options);
  const results = await inTemporaryDirectory('barkeep-bench-', (directory) => {
    const workload: Workload = {
      series: dataset.series,
      seriesCount: options.series,
      growth: options.growth ?? DEFAULT_GROWTH * dataset.series.length,
      operations: options.operations,
      filled: new FilledStores(join(directory, 'filled'), dataset.series),
      directory,
    };
    return runCases(options, workload, progress);
  });
  return makeReport(
    {
      date,
      machine: describeMachine(),
      versions: libraryVersions(librariesOf(results)),
      data: describeData(dataset),
      options: {
        repeat: options.repeat,
        series: options.series,
        operations: options.operations,
        growth: options.growth,
      },
    },
    results,
  );
}

async function runCases(
  { only, repeat }: BenchOptions,
  workload: Workload,
  progress: Progress,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  try {
    for (const benchCase of CASES) {
      if (only.length > 0 && !only.includes(benchCase.name)) continue;
      const missing = benchCase.missing?.();
      if (missing !== undefined) {
        console.warn(`${benchCase.name} was left out: ${missing}`);
        continue;
      }
      results.push(await runCase(benchCase, workload, { repeat, progress, collectGarbage }));
    }
  } finally {
    progress('');
  }
  return results;
}

function librariesOf(results: readonly CaseResult[]): string[] {
  return results.flatMap(({ plan }) => plan.contenders.flatMap(({ libraries }) => libraries));
}

function describeData({ series, origin }: Dataset): DataDescription {
  return {
    origin,
    symbol: series.symbol,
    timeframe: series.timeframe,
    candles: series.length,
    first: new Date(series.firstTimestamp).toISOString(),
    last: new Date(series.lastTimestamp).toISOString(),
  };
}
