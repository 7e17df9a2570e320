import type { EpochMs, Interval } from '@barkeep/core';
import type { CoverageEntry } from './coverage-repository.ts';

/**
 * Returns the ledger with an entry added. It replaces what it overlaps. Overlapping or adjacent
 * entries of the same source are merged; the merged entry has the latest `collectedAt`.
 *
 * @example
 * addCoverageEntry(
 *   [{ from: 0, to: 100, source: 'rest', collectedAt: 1 }],
 *   { from: 40, to: 60, source: 'socket', collectedAt: 2 },
 * ); // 0-40 rest, 40-60 socket, 60-100 rest
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
 * Returns the ledger with entries added one after the other. A single pass in linear time if the
 * entries are in ascending order.
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

/** Like `addCoverageEntry`, but changes the ledger in place and visits only affected entries. */
export function putCoverageEntry(ledger: CoverageEntry[], entry: CoverageEntry): void {
  if (entry.from >= entry.to) return;
  const first = indexOfFirst(ledger, (old) => old.to >= entry.from);
  const end = indexOfFirst(ledger, (old) => old.from > entry.to);
  ledger.splice(first, end - first, ...mergeInto(ledger.slice(first, end), entry));
}

/** Returns the ledger without a range. Entries that overlap it are cut. */
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

/** Returns the entries that overlap `[from, to)`, clipped to it. */
export function coverageWithin(
  ledger: readonly CoverageEntry[],
  from: EpochMs,
  to: EpochMs,
): CoverageEntry[] {
  return ledger
    .slice(...indexesWithin(ledger, { from, to }))
    .map((it) => ({ ...it, from: Math.max(it.from, from), to: Math.min(it.to, to) }));
}

/** The index range of the entries that overlap a range. */
export function indexesWithin(
  ledger: readonly CoverageEntry[],
  { from, to }: Interval,
): [first: number, end: number] {
  const first = indexOfFirst(ledger, (entry) => entry.to > from);
  const end = from < to ? indexOfFirst(ledger, (entry) => entry.from >= to) : first;
  return [first, end];
}

/** The index of the first entry that passes a test. All entries after it must pass, too. */
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

/** Merges an entry with the existing entries it overlaps or touches. */
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
