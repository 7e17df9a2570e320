import { coverageFaults } from '@barkeep/candle-archive';
import { BarkeepError, CandleSeries } from '@barkeep/core';
import type { IntegrityProblem, IntegrityReport } from '@barkeep/storage';
import type { StoredSeries } from './stored-series.ts';

const MAX_PROBLEMS = 1_000;

/** Checks stored series against the rules of the model, a chunk at each step. */
export function* checkSeries(
  stored: readonly StoredSeries[],
): Generator<void, IntegrityReport, void> {
  const problems: IntegrityProblem[] = [];
  let candles = 0;
  for (const series of stored) {
    candles += series.candles.length;
    for (const problem of problemsOf(series)) {
      if (problem !== undefined && problems.length <= MAX_PROBLEMS) problems.push(problem);
      yield;
    }
  }
  return {
    ok: problems.length === 0,
    series: stored.filter(({ candles: { length } }) => length > 0).length,
    candles,
    problems: problems.slice(0, MAX_PROBLEMS),
    truncated: problems.length > MAX_PROBLEMS,
  };
}

/** A problem or, for what is in order, `undefined`. */
function* problemsOf(series: StoredSeries): Generator<IntegrityProblem | undefined, void, void> {
  const { key, candles } = series;
  let last = Number.NEGATIVE_INFINITY;
  for (const chunk of candles.chunks) {
    yield valueProblem(chunk);
    for (const timestamp of chunk.timestamp) {
      if (timestamp <= last)
        yield {
          kind: 'order',
          repair: 'restore-backup',
          key,
          message: `${timestamp} follows ${last}`,
        };
      last = timestamp;
    }
  }
  yield* coverageProblems(series);
}

function valueProblem(chunk: CandleSeries): IntegrityProblem | undefined {
  try {
    CandleSeries.from(chunk.key, chunk);
    return undefined;
  } catch (error) {
    if (!BarkeepError.is(error, 'INVALID_INPUT')) throw error;
    return { kind: 'value', repair: 'restore-backup', key: chunk.key, message: error.message };
  }
}

function* coverageProblems({
  key,
  coverage,
}: StoredSeries): Generator<IntegrityProblem, void, void> {
  for (const { entry, message } of coverageFaults(key, coverage)) {
    const interval = { from: entry.from, to: entry.to };
    const problem = { kind: 'coverage', repair: 'restore-backup', key } as const;
    yield { ...problem, interval, message: `a coverage entry ${message}` };
  }
}
