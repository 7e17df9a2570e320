import type { EpochMs, Interval } from '@barkeep/core';
import type { CoverageEntry } from './coverage-repository.ts';

/**
 * The ledger after an entry was added. It replaces what it overlaps; entries of the same source
 * that overlap or touch it merge with it, and the merged one was collected when the latest was.
 */
export function addCoverageEntry(
  ledger: readonly CoverageEntry[],
  entry: CoverageEntry,
): CoverageEntry[] {
  if (entry.from >= entry.to) return [...ledger];
  let { from, to, collectedAt } = entry;
  const others: CoverageEntry[] = [];
  for (const old of ledger) {
    if (old.source === entry.source && old.from <= to && from <= old.to) {
      from = Math.min(from, old.from);
      to = Math.max(to, old.to);
      collectedAt = Math.max(collectedAt, old.collectedAt);
    } else {
      others.push(old);
    }
  }
  return sorted([
    ...removeCoverageRange(others, entry),
    { from, to, source: entry.source, collectedAt },
  ]);
}

/** The ledger without a stretch: entries that reach into it are cut. */
export function removeCoverageRange(
  ledger: readonly CoverageEntry[],
  range: Interval,
): CoverageEntry[] {
  if (range.from >= range.to) return [...ledger];
  return ledger.flatMap((old) => {
    if (old.to <= range.from || range.to <= old.from) return [old];
    const rest: CoverageEntry[] = [];
    if (old.from < range.from) rest.push({ ...old, to: range.from });
    if (range.to < old.to) rest.push({ ...old, from: range.to });
    return rest;
  });
}

/** The entries that touch `[from, to)`, cut to it. */
export function coverageWithin(
  ledger: readonly CoverageEntry[],
  from: EpochMs,
  to: EpochMs,
): CoverageEntry[] {
  if (from >= to) return [];
  return ledger
    .filter((it) => it.from < to && from < it.to)
    .map((it) => ({ ...it, from: Math.max(it.from, from), to: Math.min(it.to, to) }));
}

function sorted(ledger: CoverageEntry[]): CoverageEntry[] {
  return ledger.sort((a, b) => a.from - b.from);
}
