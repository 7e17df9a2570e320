import { type SeriesKey, type TimeframeGrid, timeframeGrid } from '@barkeep/core';
import type { CoverageEntry } from '@barkeep/storage';

/** An entry of the ledger that should never be found in it. */
export interface CoverageFault {
  readonly entry: CoverageEntry;
  readonly message: string;
}

/** The entries of a ledger that break a rule, or overlap a sound one before them. */
export function coverageFaults(
  { timeframe }: SeriesKey,
  ledger: readonly CoverageEntry[],
): CoverageFault[] {
  const grid = timeframeGrid(timeframe);
  let end = Number.NEGATIVE_INFINITY;
  return ledger.flatMap((entry) => {
    const message = faultOf(entry, end, grid);
    if (message !== undefined) return [{ entry, message }];
    end = entry.to;
    return [];
  });
}

function faultOf(
  { from, to, source, collectedAt }: CoverageEntry,
  end: number,
  grid: TimeframeGrid,
): string | undefined {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) return 'reaches beyond all time';
  if (!Number.isSafeInteger(collectedAt)) return 'was collected at no time there is';
  if (typeof source !== 'string') return 'has no source';
  if (from >= to) return 'is empty';
  if (from < end) return 'overlaps the entry before it';
  const isAligned = grid.isAligned(from) && grid.isAligned(to);
  return isAligned ? undefined : `is not at the start of a ${grid.timeframe} period`;
}
