import { type SeriesKey, type Timeframe, timeframeGrid } from '@barkeep/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { propertyBudget } from '../../../tools/test-budget.ts';
import { NOON, openDesk } from './fixtures.ts';

const TIMEFRAMES: readonly Timeframe[] = [
  ...(['1m', '1h', '1d', '1w', '1M', '1y'] as const),
  ...(['1m@7s', '1h@30m', '1d@15h', '1w@3d', '2w@7d', '1M@9h', '1M@-9h', '1y@90d'] as const),
];
/** Of 2024, of the night in which 1970 began, of earlier centuries. */
const INSTANTS = [Date.UTC(2024, 1, 29), 0, Date.UTC(1905, 11, 31), Date.UTC(1500, 0)];

/** Some number of periods, and which of them to read. */
const reads = fc.array(
  fc.record({ from: fc.integer({ min: -30, max: 30 }), periods: fc.integer({ min: 1, max: 40 }) }),
  { minLength: 1, maxLength: 4 },
);

describe('candles of any time, with periods that begin anywhere', () => {
  it('are fetched once, stored, and answered as the exchange has them', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...TIMEFRAMES),
        fc.constantFrom(...INSTANTS),
        reads,
        async (timeframe, instant, stretches) => {
          const key: SeriesKey = { symbol: 'OLD', timeframe };
          const grid = timeframeGrid(timeframe);
          const trades = (period: number): boolean => period % 3 !== 0;
          const { exchange, service } = await openDesk({ exchange: { trades } });
          for (const { from: first, periods } of [...stretches, ...stretches]) {
            const from = grid.shift(instant, first);
            const to = Math.min(grid.shift(from, periods), grid.floor(NOON));
            if (from >= to) continue;
            const answer = await service.getCandles({ ...key, from, to });
            expect(answer.series.toArray()).toEqual(exchange.candles(key, from, to));
            expect([answer.missing, answer.range]).toEqual([[], { from, to }]);
            const last = await service.getCandles({ ...key, to, limit: 2, take: 'last' });
            expect(last.series.toArray()).toEqual(
              exchange.candles(key, grid.shift(to, -4), to).slice(-2),
            );
          }
          const asked = exchange.requests.flatMap(({ from, to }) => [from, to]);
          expect(asked.every((bound) => grid.isAligned(bound))).toBe(true);
          const periods = exchange.requests.flatMap(({ from, to }) =>
            Array.from({ length: grid.indexOf(to) - grid.indexOf(from) }, (_, i) =>
              grid.shift(from, i),
            ),
          );
          expect(new Set(periods).size).toBe(periods.length);
          await service.close();
        },
      ),
      propertyBudget(60),
    );
  });

  it('are found before 1970 by a search that does not say how far back', async () => {
    const monthly: SeriesKey = { symbol: 'OLD', timeframe: '1M@-9h' };
    const grid = timeframeGrid(monthly.timeframe);
    const { exchange, service } = await openDesk({
      exchange: { listedAt: -240, tellsStart: true },
    });
    const { series, historyStart, missing } = await service.getCandles({
      ...monthly,
      limit: 2_000,
    });
    expect(historyStart).toBe(grid.startOf(-240));
    expect([series.firstTimestamp, missing]).toEqual([historyStart, []]);
    const to = Date.UTC(1950, 1);
    exchange.takeIntervals();
    const early = await service.getCandles({ ...monthly, to, limit: 2 });
    expect(early.series.toArray()).toEqual(exchange.candles(monthly, Date.UTC(1949, 11, 2), to));
    expect(exchange.takeIntervals()).toEqual([]);
  });

  it('are found when fewer come than are wanted, and nobody says where history begins', async () => {
    const yearly: SeriesKey = { symbol: 'OLD', timeframe: '1y' };
    const { exchange, service } = await openDesk({
      exchange: { trades: (year) => year % 3 === 0 },
    });
    const { series } = await service.getCandles({ ...yearly, limit: 40 });
    expect(series.length).toBe(40);
    expect(new Date(series.firstTimestamp).getUTCFullYear()).toBe(1907);
    expect(exchange.requests.every(({ from }) => from >= Date.UTC(1700, 0))).toBe(true);
  });
});
