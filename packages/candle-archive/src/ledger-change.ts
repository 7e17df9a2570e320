import type { Interval } from '@barkeep/core';
import {
  type CoverageEntry,
  coverageWithin,
  putCoverageEntry,
  removeCoverageRange,
} from '@barkeep/storage';
import type { ArchiveChange, LoggedChange } from './archive-change.ts';

/** Up to this many entries are compared one by one. */
const FEW = 8;

type LedgerPart = Pick<ArchiveChange, 'coverage' | 'log'>;

/** Adds entries to a ledger; those that change nothing are not logged. */
export function coverageAdded(
  ledger: readonly CoverageEntry[],
  entries: readonly CoverageEntry[],
): LedgerPart {
  const after = [...ledger];
  const ranges = entries.filter((entry) => {
    if (implies(after, entry)) return false;
    putCoverageEntry(after, entry);
    return true;
  });
  return partOf(ledger, after, ranges);
}

/** Forgets stretches; those in which nothing is covered are not logged. */
export function coverageRemoved(
  ledger: readonly CoverageEntry[],
  ranges: readonly Interval[],
): LedgerPart {
  let after = ledger;
  const covered = ranges.filter(({ from, to }) => {
    if (coverageWithin(after, from, to).length === 0) return false;
    after = removeCoverageRange(after, { from, to });
    return true;
  });
  return partOf(ledger, after, covered);
}

function implies(ledger: readonly CoverageEntry[], entry: CoverageEntry): boolean {
  const [old] = coverageWithin(ledger, entry.from, entry.to);
  const isWithin = old?.from === entry.from && old.to === entry.to;
  return isWithin && old.source === entry.source && entry.collectedAt <= old.collectedAt;
}

function partOf(
  before: readonly CoverageEntry[],
  after: readonly CoverageEntry[],
  ranges: readonly Interval[],
): LedgerPart {
  if (ranges.length === 0) return {};
  const removed = entriesBeside(before, after).map(({ from }) => from);
  const added = entriesBeside(after, before);
  const log = ranges.map(
    ({ from, to }): LoggedChange => ({ kind: 'coverage', range: { from, to } }),
  );
  return { coverage: { removed, added }, log };
}

/** The entries of one ledger that another does not have. */
function entriesBeside(
  ledger: readonly CoverageEntry[],
  other: readonly CoverageEntry[],
): CoverageEntry[] {
  const byStart = other.length < FEW ? undefined : new Map(other.map((it) => [it.from, it]));
  return ledger.filter(({ from, to, source, collectedAt }) => {
    const same = byStart ? byStart.get(from) : other.find((it) => it.from === from);
    return same?.to !== to || same.source !== source || same.collectedAt !== collectedAt;
  });
}
