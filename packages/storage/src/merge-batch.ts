import { CandleSeries, candleComparison, type EpochMs, timeframeGrid } from '@barkeep/core';
import type { BatchOutcome, CheckedBatch } from './abstract-market-data-storage.ts';
import { addCoverageEntries } from './coverage-ledger.ts';
import type { CoverageEntry } from './coverage-repository.ts';
import { uncoveredPart } from './uncovered-part.ts';

/** The stored data of one series. */
export interface SeriesContent {
  readonly candles: CandleSeries;
  /** In ascending order. */
  readonly coverage: readonly CoverageEntry[];
}

/**
 * Merges a batch into the stored data of its series and counts the changes: for adapters that hold
 * a series in memory while they write it. Does not modify its arguments.
 *
 * @example
 * const { content, outcome } = mergeBatch(batch, stored);
 */
export function mergeBatch(
  batch: CheckedBatch,
  { candles, coverage }: SeriesContent,
): { readonly content: SeriesContent; readonly outcome: BatchOutcome } {
  const { series, covers } = uncoveredPart(batch, coverage);
  const { source, collectedAt } = batch;
  const entries = covers.map(({ from, to }) => ({ from, to, source, collectedAt }));
  const tally = tallyOf(series, candles);
  const unchanged = batch.series.length - tally.inserted - tally.updated;
  return {
    content: {
      candles: tally.changed === undefined ? candles : CandleSeries.merge(candles, series),
      coverage: addCoverageEntries(coverage, entries),
    },
    outcome: { ...tally, unchanged },
  };
}

function tallyOf(series: CandleSeries, stored: CandleSeries): Omit<BatchOutcome, 'unchanged'> {
  const isEqual = candleComparison(stored, series);
  let [inserted, updated] = [0, 0];
  let [first, last]: [EpochMs | undefined, EpochMs] = [undefined, Number.NaN];
  let at = stored.indexAtOrAfter(series.firstTimestamp);
  for (const [i, timestamp] of series.timestamp.entries()) {
    while ((stored.timestamp[at] ?? Number.POSITIVE_INFINITY) < timestamp) at += 1;
    if (stored.timestamp[at] !== timestamp) inserted += 1;
    else if (isEqual(at, i)) continue;
    else updated += 1;
    first ??= timestamp;
    last = timestamp;
  }
  if (first === undefined) return { inserted, updated };
  const to = timeframeGrid(series.timeframe).shift(last);
  return { inserted, updated, changed: { from: first, to } };
}
