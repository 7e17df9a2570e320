import { BarkeepError, type Interval, ManualClock, monotonicTime, timeframeGrid } from '@barkeep/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConcurrencyLimit } from '../src/fetching/concurrency-limit.ts';
import { periodChunks } from '../src/fetching/period-chunks.ts';
import { retry } from '../src/fetching/retry.ts';
import { takePeriods } from '../src/fetching/take-periods.ts';
import { LiveStreams } from '../src/live/live-streams.ts';
import { PageGeometry } from '../src/pages/page-geometry.ts';
import { PageStamps } from '../src/pages/page-stamps.ts';
import { ChangeCounter } from '../src/series/change-counter.ts';
import { SeriesDirectory } from '../src/series/series-directory.ts';
import { settle, throughTime } from './fixtures.ts';

const never = new AbortController().signal;

describe('retry', () => {
  const policy = { maxAttempts: 5, baseDelayMs: 100, maxDelayMs: 1_000 };

  async function attempts(error: unknown): Promise<{ count: number; waitedMs: number }> {
    const clock = new ManualClock(0);
    let count = 0;
    const work = (): Promise<never> => {
      count += 1;
      return Promise.reject(error);
    };
    const context = { clock, random: () => 0, signal: never };
    await expect(throughTime(clock, retry(work, policy, context), 50)).rejects.toBe(error);
    return { count, waitedMs: clock.now() };
  }

  it('goes on for errors that say so, of Barkeep or not', async () => {
    expect((await attempts(new BarkeepError('BUSY', 'x', { retryable: true }))).count).toBe(5);
    expect((await attempts({ retryable: true })).count).toBe(5);
    expect((await attempts(new BarkeepError('IO', 'x'))).count).toBe(1);
    expect((await attempts(new TypeError('x'))).count).toBe(1);
    expect((await attempts(undefined)).count).toBe(1);
  });

  it('waits as long as the error asks, and gives up where that is too long', async () => {
    const asking = (retryAfterMs: number): unknown => ({
      retryable: true,
      details: { retryAfterMs },
    });
    expect(await attempts(asking(900))).toEqual({ count: 5, waitedMs: 3_600 });
    expect(await attempts(asking(1_001))).toEqual({ count: 1, waitedMs: 0 });
  });

  it('ends a wait when the signal fires', async () => {
    const clock = new ManualClock(0);
    const controller = new AbortController();
    const work = (): Promise<never> => Promise.reject({ retryable: true });
    const context = { clock, random: () => 0, signal: controller.signal };
    const trying = retry(work, policy, context);
    await settle();
    controller.abort();
    await expect(trying).rejects.toMatchObject({ code: 'ABORTED' });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('ConcurrencyLimit', () => {
  it('runs so many at a time, in order, and refuses more than may wait', async () => {
    const limit = new ConcurrencyLimit(2, 1);
    const gate = Promise.withResolvers<void>();
    const begun: number[] = [];
    const run = (n: number, signal = never): Promise<void> =>
      limit.run(() => {
        begun.push(n);
        return gate.promise;
      }, signal);
    const running = [run(1), run(2)];
    const leaving = new AbortController();
    const waiting = run(3, leaving.signal);
    await expect(run(4)).rejects.toMatchObject({ code: 'OVERLOADED' });
    leaving.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    const last = run(5);
    await settle();
    expect(begun).toEqual([1, 2]);
    gate.resolve();
    await Promise.all([...running, last]);
    expect(begun).toEqual([1, 2, 5]);
  });

  it('passes the place on after a failure', async () => {
    const limit = new ConcurrencyLimit(1, 5);
    const failing = limit.run(() => Promise.reject(new Error('x')), never);
    const next = limit.run(() => Promise.resolve('done'), never);
    await expect(failing).rejects.toThrow('x');
    expect(await next).toBe('done');
  });
});

describe('SeriesDirectory', () => {
  it('trusts nothing it knew of a series that had to go', () => {
    const time = monotonicTime(new ManualClock(0));
    const directory = new SeriesDirectory(1_024, new LiveStreams(), () => [], time);
    const first = directory.of({ symbol: 'first', timeframe: '1m' });
    const learn = (): void => {
      first.learnExtent(undefined, first.stamp);
      first.learnLedger([], first.stamp);
      first.notes = {};
    };
    learn();
    expect(first.isKnown).toBe(true);
    for (let i = 0; i < 10_000; i += 1) directory.of({ symbol: `${i}`, timeframe: '1m' });
    expect(directory.size).toBe(10_000);
    expect(first.isKnown).toBe(false);
    learn();
    expect(first.isKnown).toBe(false);
    expect(directory.of(first.key)).not.toBe(first);
  });
});

describe('periods', () => {
  const timeframes = fc.constantFrom('1m', '1w', '1M', '2M', '1y' as const);
  const intervals = (grid: ReturnType<typeof timeframeGrid>): fc.Arbitrary<Interval[]> =>
    fc
      .array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 9 })), {
        maxLength: 5,
      })
      .map((parts) => {
        let at = 600;
        return parts.map(([gap, length]) => {
          const from = at + gap;
          at = from + length;
          return { from: grid.startOf(from), to: grid.startOf(at) };
        });
      });
  const starts = (set: readonly Interval[], grid: ReturnType<typeof timeframeGrid>): number[] =>
    set.flatMap(({ from, to }) => {
      const all: number[] = [];
      for (let at = from; at < to; at = grid.shift(at)) all.push(at);
      return all;
    });

  it('are cut into chunks that hold each period once, the latest first', () => {
    fc.assert(
      fc.property(
        timeframes.chain((timeframe) => {
          const grid = timeframeGrid(timeframe);
          return fc.tuple(fc.constant(grid), intervals(grid), fc.integer({ min: 1, max: 5 }));
        }),
        ([grid, set, size]) => {
          const chunks = periodChunks(set, size, grid);
          expect(starts(chunks.toReversed(), grid)).toEqual(starts(set, grid));
          for (const chunk of chunks)
            expect(starts([chunk], grid).length).toBeLessThanOrEqual(size);
        },
      ),
    );
  });

  it('are taken from either side', () => {
    fc.assert(
      fc.property(
        timeframes.chain((timeframe) => {
          const grid = timeframeGrid(timeframe);
          return fc.tuple(fc.constant(grid), intervals(grid), fc.nat({ max: 30 }));
        }),
        ([grid, set, count]) => {
          const all = starts(set, grid);
          expect(starts(takePeriods(set, count, 'first', grid), grid)).toEqual(all.slice(0, count));
          const last = all.slice(Math.max(0, all.length - count));
          expect(starts(takePeriods(set, count, 'last', grid), grid)).toEqual(last);
        },
      ),
    );
  });
});

describe('pages', () => {
  it.each(['1s', '1m', '1w', '1M', '1y'] as const)(
    'of %s follow each other without a hole',
    (timeframe) => {
      const geometry = new PageGeometry(timeframe, 7);
      for (let page = 0; page < 20; page += 1) {
        const { from, to } = geometry.stretchOf(page);
        expect([from, to - 1].map((at) => geometry.pageOf(at))).toEqual([page, page]);
        expect(geometry.stretchOf(page + 1).from).toBe(to);
      }
    },
  );

  it('remember their changes in bounded memory, and err on the side of change', () => {
    const counter = new ChangeCounter();
    const stamps = new PageStamps(counter.next());
    stamps.markPages(3, 4, counter.next());
    expect([2, 3, 4, 5].map((page) => stamps.changedAt(page))).toEqual([1, 2, 2, 1]);
    expect(stamps.allChangedAfter(1, 3, 4)).toBe(true);
    expect(stamps.allChangedAfter(1, 3, 5)).toBe(false);
    stamps.markPages(0, 1e9, counter.next());
    expect([2, 3, 1e12].map((page) => stamps.changedAt(page))).toEqual([3, 3, 3]);
    for (let page = 0; page < 5_000; page += 1) stamps.markPages(page, page, counter.next());
    expect(stamps.changedAt(4_999)).toBe(counter.now);
    expect(stamps.changedAt(0)).toBeGreaterThanOrEqual(4);
  });
});
