import { type Candle, CandleSeries, type Interval, type SeriesKey } from '@barkeep/core';
import { addCoverageEntry, type CoverageEntry, uncoveredPart } from '@barkeep/storage';
import fc from 'fast-check';
import { expect, it } from 'vitest';

const MINUTE = 60_000;
const SPAN = 30;
const key: SeriesKey = { symbol: 'KRW-BTC', timeframe: '1m' };

function candle(i: number): Candle {
  return { timestamp: i * MINUTE, open: 1, high: 1, low: 1, close: 1, volume: i };
}

const range: fc.Arbitrary<Interval> = fc
  .tuple(fc.nat(SPAN), fc.integer({ min: 1, max: 6 }))
  .map(([from, length]) => ({ from: from * MINUTE, to: (from + length) * MINUTE }));
const ledger = fc
  .array(fc.record({ range, source: fc.constantFrom('rest', 'socket') }), { maxLength: 8 })
  .map((list) =>
    list.reduce<CoverageEntry[]>(
      (entries, { range: it, source }) =>
        addCoverageEntry(entries, { ...it, source, collectedAt: 1 }),
      [],
    ),
  );
const minutes = fc.uniqueArray(fc.nat(SPAN + 6), { maxLength: 20 });
const covers = fc
  .array(range, { maxLength: 3 })
  .map((list) =>
    list
      .sort((a, b) => a.from - b.from)
      .filter((it, i, all) => i === 0 || (all[i - 1]?.to ?? 0) < it.from),
  );

/** The minutes inside intervals. */
function minutesOf(intervals: readonly Interval[]): number[] {
  return Array.from({ length: 2 * SPAN }, (_, i) => i * MINUTE).filter((at) =>
    intervals.some(({ from, to }) => from <= at && at < to),
  );
}

it('leaves out the candles and the periods that are covered, and nothing else', () => {
  fc.assert(
    fc.property(minutes, covers, ledger, (list, wanted, entries) => {
      const series = CandleSeries.from(key, list.map(candle));
      const part = uncoveredPart({ series, covers: wanted, replaces: 'uncovered' }, entries);
      const covered = new Set(minutesOf(entries));
      expect(part.series.toArray()).toEqual(
        series.toArray().filter(({ timestamp }) => !covered.has(timestamp)),
      );
      expect(minutesOf(part.covers)).toEqual(minutesOf(wanted).filter((at) => !covered.has(at)));
    }),
  );
});

it('is all of a batch that replaces all, and of one beside everything covered', () => {
  const series = CandleSeries.from(key, [candle(3), candle(4)]);
  const batch = { series, covers: [{ from: 3 * MINUTE, to: 5 * MINUTE }] };
  const entries = [{ from: 0, to: 9 * MINUTE, source: 'rest', collectedAt: 1 }];
  const far = [{ from: 50 * MINUTE, to: 60 * MINUTE, source: 'rest', collectedAt: 1 }];
  expect(uncoveredPart({ ...batch, replaces: 'all' }, entries)).toEqual(batch);
  expect(uncoveredPart({ ...batch, replaces: 'uncovered' }, far).series).toBe(series);
});
