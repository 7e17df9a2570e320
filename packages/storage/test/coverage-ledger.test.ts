import type { Interval } from '@barkeep/core';
import {
  addCoverageEntries,
  addCoverageEntry,
  type CoverageEntry,
  coverageWithin,
  putCoverageEntry,
  removeCoverageRange,
} from '@barkeep/storage';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const SPAN = 30;

/** One step in the life of a ledger. */
type Step =
  | { readonly do: 'add'; readonly entry: CoverageEntry }
  | { readonly do: 'remove'; readonly range: Interval };

const range = fc.record({ from: fc.nat(SPAN), to: fc.nat(SPAN) });
const entry = fc
  .tuple(range, fc.constantFrom('rest', 'socket', 'file'), fc.nat(9))
  .map(([it, source, collectedAt]) => ({ ...it, source, collectedAt }));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: entry.map((it): Step => ({ do: 'add', entry: it })) },
  { weight: 1, arbitrary: range.map((it): Step => ({ do: 'remove', range: it })) },
);
const steps = fc.array(step, { maxLength: 15 });

function apply(ledger: readonly CoverageEntry[], one: Step): CoverageEntry[] {
  return one.do === 'add'
    ? addCoverageEntry(ledger, one.entry)
    : removeCoverageRange(ledger, one.range);
}

/** The model: who covers each single instant. */
function sources(ledger: readonly CoverageEntry[]): (string | undefined)[] {
  return Array.from(
    { length: SPAN },
    (_, t) => ledger.find(({ from, to }) => from <= t && t < to)?.source,
  );
}

function applyToModel(model: readonly (string | undefined)[], one: Step): (string | undefined)[] {
  const { from, to } = one.do === 'add' ? one.entry : one.range;
  const source = one.do === 'add' ? one.entry.source : undefined;
  return model.map((old, t) => (from <= t && t < to ? source : old));
}

describe('the coverage ledger', () => {
  it('covers what a list of single instants would, by the source that came last', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const model = list.reduce(applyToModel, sources([]));
        expect(sources(list.reduce(apply, []))).toEqual(model);
      }),
      { numRuns: 1_000 },
    );
  });

  it('ascends, never overlaps, holds nothing empty, and no two entries of a source touch', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const ledger = list.reduce(apply, []);
        for (const [i, it] of ledger.entries()) {
          expect(it.from).toBeLessThan(it.to);
          const before = ledger[i - 1];
          if (before === undefined) continue;
          expect(before.to).toBeLessThanOrEqual(it.from);
          if (before.to === it.from) expect(before.source).not.toBe(it.source);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('is the same when an entry is added twice', () => {
    fc.assert(
      fc.property(steps, entry, (list, it) => {
        const once = addCoverageEntry(list.reduce(apply, []), it);
        expect(addCoverageEntry(once, it)).toEqual(once);
      }),
    );
  });

  it('is the same when entries are added one by one, all at once, or in place', () => {
    fc.assert(
      fc.property(steps, fc.array(entry, { maxLength: 15 }), (list, entries) => {
        const before = list.reduce(apply, []);
        const oneByOne = entries.reduce(addCoverageEntry, before);
        expect(addCoverageEntries(before, entries)).toEqual(oneByOne);
        const inPlace = [...before];
        for (const it of entries) putCoverageEntry(inPlace, it);
        expect(inPlace).toEqual(oneByOne);
      }),
      { numRuns: 1_000 },
    );
  });

  it('takes ten times the entries with little more than ten times the work', () => {
    /** How often a bound of an entry is looked at while as many entries are added between others. */
    const work = (count: number): number => {
      let looks = 0;
      const watched = (from: number): CoverageEntry => ({
        get from() {
          looks += 1;
          return from;
        },
        get to() {
          looks += 1;
          return from + 1;
        },
        source: 'rest',
        collectedAt: 1,
      });
      const ledger = Array.from({ length: count }, (_, i) => watched(4 * i));
      const entries = Array.from({ length: count }, (_, i) => watched(4 * i + 2));
      expect(addCoverageEntries(ledger, entries)).toHaveLength(2 * count);
      const inPlace = [...ledger];
      for (const it of entries) putCoverageEntry(inPlace, it);
      for (const it of entries) {
        addCoverageEntry(ledger, it);
        removeCoverageRange(ledger, it);
        coverageWithin(ledger, it.from, it.to);
      }
      return looks;
    };
    expect(work(3_000) / work(300)).toBeLessThan(15);
  });

  it('remembers when the latest part of an entry was collected', () => {
    const first = { from: 0, to: 10, source: 'rest', collectedAt: 5 };
    const second = { from: 10, to: 20, source: 'rest', collectedAt: 3 };
    expect(addCoverageEntry([first], second)).toEqual([{ ...first, to: 20 }]);
    expect(addCoverageEntry([first], { ...second, collectedAt: 8 })).toEqual([
      { from: 0, to: 20, source: 'rest', collectedAt: 8 },
    ]);
  });

  it('cuts an older entry in two when another source covers its middle', () => {
    const old = { from: 0, to: 30, source: 'rest', collectedAt: 1 };
    const middle = { from: 10, to: 20, source: 'socket', collectedAt: 2 };
    expect(addCoverageEntry([old], middle)).toEqual([
      { ...old, to: 10 },
      middle,
      { ...old, from: 20 },
    ]);
  });

  it('is not touched by an empty entry or range, not even inside an entry', () => {
    const ledger = [{ from: 0, to: 30, source: 'rest', collectedAt: 1 }];
    expect(removeCoverageRange(ledger, { from: 10, to: 10 })).toEqual(ledger);
    expect(removeCoverageRange(ledger, { from: 20, to: 10 })).toEqual(ledger);
    expect(addCoverageEntry(ledger, { from: 10, to: 10, source: 'x', collectedAt: 2 })).toEqual(
      ledger,
    );
  });

  it('is seen through a window, cut to it', () => {
    fc.assert(
      fc.property(steps, range, (list, { from, to }) => {
        const ledger = list.reduce(apply, []);
        const seen = coverageWithin(ledger, from, to);
        const model = sources(ledger).map((source, t) =>
          from <= t && t < to ? source : undefined,
        );
        expect(sources(seen)).toEqual(model);
        for (const it of seen) expect(from <= it.from && it.from < it.to && it.to <= to).toBe(true);
      }),
    );
  });

  it('changes neither the ledger nor the entry it is given', () => {
    const old = Object.freeze({ from: 0, to: 10, source: 'rest', collectedAt: 1 });
    const ledger = Object.freeze([old]);
    addCoverageEntry(ledger, Object.freeze({ ...old, from: 5, to: 15 }));
    removeCoverageRange(ledger, { from: 2, to: 4 });
    expect(ledger).toEqual([{ from: 0, to: 10, source: 'rest', collectedAt: 1 }]);
  });
});
