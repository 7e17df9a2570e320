import { CandleSeries, type Interval, type IntervalSet, subtractIntervals } from '@barkeep/core';
import type { CandleBatch } from './candle-repository.ts';
import { indexesWithin } from './coverage-ledger.ts';
import type { CoverageEntry } from './coverage-repository.ts';

/** The part of a batch to store. */
export interface BatchContent {
  readonly series: CandleSeries;
  readonly covers: IntervalSet;
}

/**
 * Returns the part of a batch to store, given the current coverage ledger: all of it or, with
 * `replaces: 'uncovered'`, what is not covered. The ledger may omit entries outside the batch's
 * range.
 */
export function uncoveredPart(
  { series, covers, replaces }: BatchContent & Pick<CandleBatch, 'replaces'>,
  ledger: readonly CoverageEntry[],
): BatchContent {
  if (replaces !== 'uncovered' || ledger.length === 0) return { series, covers };
  const [first, last] = [covers[0], covers.at(-1)];
  return {
    series: candlesOutside(series, entriesWithin(ledger, series.extent)),
    covers:
      first && last
        ? subtractIntervals(covers, entriesWithin(ledger, { from: first.from, to: last.to }))
        : covers,
  };
}

function candlesOutside(series: CandleSeries, ledger: readonly CoverageEntry[]): CandleSeries {
  const runs: CandleSeries[] = [];
  let start = 0;
  for (const { from, to } of ledger) {
    runs.push(series.slice(start, series.indexAtOrAfter(from)));
    start = series.indexAtOrAfter(to);
  }
  if (start === 0) return series;
  runs.push(series.slice(start));
  return CandleSeries.concat(series.key, runs);
}

/** The entries that overlap a range. */
function entriesWithin(
  ledger: readonly CoverageEntry[],
  range: Interval | undefined,
): readonly CoverageEntry[] {
  if (range === undefined) return [];
  return ledger.slice(...indexesWithin(ledger, range));
}
