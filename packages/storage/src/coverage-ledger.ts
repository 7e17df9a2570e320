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
  const result = [...ledger];
  putCoverageEntry(result, entry);
  return result;
}

/**
 * The ledger after entries were added, one after the other: in one pass, in time that grows with the
 * number of entries, where these ascend.
 */
export function addCoverageEntries(
  ledger: readonly CoverageEntry[],
  entries: readonly CoverageEntry[],
): CoverageEntry[] {
  const result: CoverageEntry[] = [];
  let next = 0;
  for (const entry of entries) {
    for (let old = ledger[next]; old !== undefined && old.from <= entry.to; old = ledger[next]) {
      result.push(old);
      next += 1;
    }
    putCoverageEntry(result, entry);
  }
  return result.concat(ledger.slice(next));
}

/** As `addCoverageEntry`, in the ledger itself: looks only at the entries that are concerned. */
export function putCoverageEntry(ledger: CoverageEntry[], entry: CoverageEntry): void {
  if (entry.from >= entry.to) return;
  const first = indexOfFirst(ledger, (old) => old.to >= entry.from);
  const end = indexOfFirst(ledger, (old) => old.from > entry.to);
  ledger.splice(first, end - first, ...mergeInto(ledger.slice(first, end), entry));
}

/** The ledger without a stretch: entries that reach into it are cut. */
export function removeCoverageRange(
  ledger: readonly CoverageEntry[],
  range: Interval,
): CoverageEntry[] {
  const result = [...ledger];
  const [first, end] = indexesWithin(ledger, range);
  const rest: CoverageEntry[] = [];
  for (const old of ledger.slice(first, end)) {
    if (old.from < range.from) rest.push({ ...old, to: range.from });
    if (range.to < old.to) rest.push({ ...old, from: range.to });
  }
  result.splice(first, end - first, ...rest);
  return result;
}

/** The entries that touch `[from, to)`, cut to it. */
export function coverageWithin(
  ledger: readonly CoverageEntry[],
  from: EpochMs,
  to: EpochMs,
): CoverageEntry[] {
  return ledger
    .slice(...indexesWithin(ledger, { from, to }))
    .map((it) => ({ ...it, from: Math.max(it.from, from), to: Math.min(it.to, to) }));
}

/** Where the entries that share an instant with a range begin in a ledger, and where they end. */
export function indexesWithin(
  ledger: readonly CoverageEntry[],
  { from, to }: Interval,
): [first: number, end: number] {
  const first = indexOfFirst(ledger, (entry) => entry.to > from);
  const end = from < to ? indexOfFirst(ledger, (entry) => entry.from >= to) : first;
  return [first, end];
}

/** The position of the first entry that a test holds for, given that it holds for all that follow. */
function indexOfFirst(
  ledger: readonly CoverageEntry[],
  test: (entry: CoverageEntry) => boolean,
): number {
  let low = 0;
  let high = ledger.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = ledger[middle];
    if (entry !== undefined && !test(entry)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What becomes of the entries that an added one overlaps or touches. */
function mergeInto(touching: readonly CoverageEntry[], entry: CoverageEntry): CoverageEntry[] {
  let { from, to, collectedAt } = entry;
  const others: CoverageEntry[] = [];
  for (const old of touching) {
    if (old.source === entry.source) {
      from = Math.min(from, old.from);
      to = Math.max(to, old.to);
      collectedAt = Math.max(collectedAt, old.collectedAt);
    } else {
      others.push(old);
    }
  }
  const merged = { from, to, source: entry.source, collectedAt };
  return [...removeCoverageRange(others, entry), merged].sort((a, b) => a.from - b.from);
}
