import {
  countPeriods,
  type Interval,
  intersectIntervals,
  intervalsContain,
  intervalsLength,
  intervalsOverlap,
  normalizeIntervals,
  subtractIntervals,
  timeframeGrid,
  unionIntervals,
  validateInterval,
  wholePeriodsAround,
  wholePeriodsFrom,
  wholePeriodsInside,
} from '@barkeep/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOf } from './thrown.ts';

const SPAN = 40;
const interval = fc.record({ from: fc.nat(SPAN), to: fc.nat(SPAN) });
const intervals = fc.array(interval, { maxLength: 12 });
const set = intervals.map(normalizeIntervals);

/** The model: the instants of 0 to 40 that a list of intervals holds. */
function instants(list: readonly Interval[]): number[] {
  return Array.from({ length: SPAN }, (_, t) => t).filter((t) =>
    list.some(({ from, to }) => from <= t && t < to),
  );
}

function expectSet(list: readonly Interval[], expected: readonly number[]): void {
  expect(instants(list)).toEqual(expected);
  for (const [i, { from, to }] of list.entries()) {
    expect(from).toBeLessThan(to);
    expect(from).toBeGreaterThan(list[i - 1]?.to ?? Number.NEGATIVE_INFINITY);
  }
}

describe('sets of intervals, against a model that lists instants', () => {
  it('normalize', () => {
    fc.assert(fc.property(intervals, (a) => expectSet(normalizeIntervals(a), instants(a))));
  });

  it('unite', () => {
    fc.assert(
      fc.property(set, set, (a, b) => expectSet(unionIntervals(a, b), instants([...a, ...b]))),
    );
  });

  it('intersect', () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        const inB = new Set(instants(b));
        expectSet(
          intersectIntervals(a, b),
          instants(a).filter((t) => inB.has(t)),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('subtract', () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        const inB = new Set(instants(b));
        expectSet(
          subtractIntervals(a, b),
          instants(a).filter((t) => !inB.has(t)),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('contain and measure', () => {
    fc.assert(
      fc.property(set, interval, (a, it) => {
        const held = new Set(instants(a));
        expect(intervalsContain(a, it)).toBe(instants([it]).every((t) => held.has(t)));
        expect(intervalsLength(a)).toBe(held.size);
      }),
    );
  });

  it('overlap exactly when they share an instant', () => {
    const filled = interval.filter(({ from, to }) => from < to);
    fc.assert(
      fc.property(filled, filled, (a, b) => {
        const inB = new Set(instants([b]));
        expect(intervalsOverlap(a, b)).toBe(instants([a]).some((t) => inB.has(t)));
      }),
    );
  });

  it('leave their input as it was', () => {
    const a = Object.freeze([Object.freeze({ from: 5, to: 9 }), Object.freeze({ from: 0, to: 6 })]);
    expect(normalizeIntervals(a)).toEqual([{ from: 0, to: 9 }]);
    expect(unionIntervals(a, a)).toEqual([{ from: 0, to: 9 }]);
    expect(a).toEqual([
      { from: 5, to: 9 },
      { from: 0, to: 6 },
    ]);
  });
});

describe('whole periods', () => {
  const minute = 60_000;
  const grid = timeframeGrid('1m');
  const months = timeframeGrid('1M');
  const bounds = fc.record({ from: fc.nat(20 * minute), to: fc.nat(20 * minute) });
  /** The model: the first twenty-one minutes, one by one. */
  const periods = Array.from({ length: 21 }, (_, i) => ({
    from: i * minute,
    to: (i + 1) * minute,
  }));

  it('inside an interval are those that lie in it entirely', () => {
    fc.assert(
      fc.property(bounds, (it) => {
        const inside = periods.filter((period) => it.from <= period.from && period.to <= it.to);
        expect(wholePeriodsInside(it, grid)).toEqual(normalizeIntervals(inside)[0]);
      }),
    );
  });

  it('around an interval are those that share an instant with it', () => {
    fc.assert(
      fc.property(bounds, (it) => {
        const touched = it.from < it.to ? periods.filter((one) => intervalsOverlap(one, it)) : [];
        expect(normalizeIntervals([wholePeriodsAround(it, grid)])).toEqual(
          normalizeIntervals(touched),
        );
      }),
    );
  });

  it('from an interval are those that start in it, and that is what is counted', () => {
    fc.assert(
      fc.property(bounds, (it) => {
        const starting = periods.filter(({ from }) => it.from <= from && from < it.to);
        expect(normalizeIntervals([wholePeriodsFrom(it, grid)])).toEqual(
          normalizeIntervals(starting),
        );
        expect(countPeriods(normalizeIntervals([it]), grid)).toBe(starting.length);
      }),
    );
  });

  it('follow the calendar', () => {
    const it = { from: Date.UTC(2024, 0, 15), to: Date.UTC(2024, 4, 2) };
    expect(wholePeriodsInside(it, months)).toEqual({
      from: Date.UTC(2024, 1),
      to: Date.UTC(2024, 4),
    });
    expect(wholePeriodsAround(it, months)).toEqual({
      from: Date.UTC(2024, 0),
      to: Date.UTC(2024, 5),
    });
    expect(countPeriods([it], months)).toBe(4);
  });

  it.each(['1m', '1w', '1M', '5y'] as const)('of %s reach from end to end of time', (timeframe) => {
    const ever = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };
    const around = wholePeriodsAround(ever, timeframeGrid(timeframe));
    expect(around.from).toBeLessThanOrEqual(ever.from);
    expect(around.to).toBeGreaterThanOrEqual(ever.to);
  });
});

describe('an interval', () => {
  it.each([
    [null, 'interval'],
    [5, 'interval'],
    [{ from: 1 }, 'to'],
    [{ from: 0.5, to: 1 }, 'from'],
    [{ from: Number.NaN, to: 1 }, 'from'],
    [{ from: 0, to: Number.POSITIVE_INFINITY }, 'to'],
    [{ from: '0', to: 1 }, 'from'],
    [{ from: 2, to: 1 }, 'from'],
  ])('%j is refused at %s', (value, field) => {
    expect(faultOf(() => validateInterval(value as Interval))).toMatchObject({ field });
  });

  it('may be empty, and may lie before 1970', () => {
    expect(() => validateInterval({ from: -5, to: -5 })).not.toThrow();
  });
});
