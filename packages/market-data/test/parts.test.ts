import {
  BarkeepError,
  type Interval,
  ManualClock,
  monotonicTime,
  type SeriesKey,
  timeframeGrid,
} from '@barkeep/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConcurrencyLimit } from '../src/fetching/concurrency-limit.ts';
import { periodChunks } from '../src/fetching/period-chunks.ts';
import { retry } from '../src/fetching/retry.ts';
import { takePeriods } from '../src/fetching/take-periods.ts';
import { KnownSnapshot } from '../src/series/known-snapshot.ts';
import { LiveStreams } from '../src/series/live-streams.ts';
import { PageGeometry, type PageSpan } from '../src/series/page-geometry.ts';
import { SeriesDirectory } from '../src/series/series-directory.ts';
import { KEY, MINUTE, NOON, settle, throughTime } from './fixtures.ts';

const HOUR = 3_600_000;
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
    expect((await attempts(new BarkeepError('IO', 'x', { retryable: false }))).count).toBe(1);
    expect((await attempts(new BarkeepError('IO', 'x'))).count).toBe(5);
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
  const time = monotonicTime(new ManualClock(NOON));
  const snapshot = (key: SeriesKey) =>
    new KnownSnapshot({ key, extent: undefined, coverage: [], ranges: [] }, { pages: [] }, NOON);

  it('keeps nothing of a series that had to go', () => {
    const directory = new SeriesDirectory(1_024, new LiveStreams(), () => [], time);
    const first = directory.of({ symbol: 'first', timeframe: '1m' });
    first.learn(snapshot(first.key), first.changes);
    expect(first.snapshot).toBeDefined();
    for (let i = 0; i < 10_000; i += 1) directory.of({ symbol: `${i}`, timeframe: '1m' });
    expect(directory.size).toBe(10_000);
    expect(first.snapshot).toBeUndefined();
    first.learn(snapshot(first.key), first.changes);
    expect(first.snapshot).toBeUndefined();
    expect(directory.of(first.key)).not.toBe(first);
  });

  it('keeps no snapshot that a change overtook', () => {
    const directory = new SeriesDirectory(1_024, new LiveStreams(), () => [], time);
    const series = directory.of(KEY);
    const { changes } = series;
    directory.changed(
      { type: 'coverage', key: KEY, interval: { from: 0, to: MINUTE }, origin: 'remote' },
      NOON,
    );
    series.learn(snapshot(KEY), changes);
    expect(series.snapshot).toBeUndefined();
  });
});

describe('KnownSnapshot', () => {
  const entry = { from: NOON - HOUR, to: NOON, source: 'x', collectedAt: NOON };
  const known = (
    pages: Readonly<Record<number, string>>,
    { coverage = [entry], extent = { from: NOON - HOUR, to: NOON }, now = NOON } = {},
    spans: readonly (PageSpan & { revision: string })[] = [],
  ): KnownSnapshot => {
    const revisions = [...Object.values(pages), ...spans.map(({ revision }) => revision)];
    const ranges = revisions.map((revision) => ({ revision, candles: undefined }));
    const asked = { pages: Object.keys(pages).map(Number), spans };
    return new KnownSnapshot({ key: KEY, extent, coverage, ranges }, asked, now);
  };
  const span = (first: number, last: number, revision: string) => ({ first, last, revision });
  const knownPages = (snapshot: KnownSnapshot): (string | undefined)[] =>
    [1, 2, 3].map((page) => snapshot.revisionOf(page));

  it('takes in a later one that confirms the pages it knows by their span', () => {
    const first = known({ 1: 'a' }, {}, [span(1, 1, 'a')]);
    expect(first.absorb(known({ 2: 'b' }, {}, [span(1, 1, 'a'), span(1, 2, 'b')]))).toBe(true);
    expect(knownPages(first)).toEqual(['a', 'b', undefined]);
    expect(first.span).toMatchObject({ first: 1, last: 2 });
    expect(first.absorb(known({ 3: 'c' }, {}, [span(1, 2, 'b'), span(1, 3, 'c')]))).toBe(true);
    expect(knownPages(first)).toEqual(['a', 'b', 'c']);
  });

  it('stays as it is beside one that agrees with it and does not confirm all of its pages', () => {
    const first = known({ 1: 'a', 2: 'b' }, {}, [span(1, 1, 'a'), span(1, 2, 'b')]);
    // Of another reading, which knew less.
    const other = known({ 3: 'c' }, {}, [span(1, 1, 'a'), span(1, 3, 'd')]);
    expect(first.absorb(other)).toBe(false);
    expect(first.agreesWith(other)).toBe(true);
    expect(knownPages(first)).toEqual(['a', 'b', undefined]);
    expect(first.absorb(known({ 2: 'b' }, {}, [span(1, 1, 'a'), span(1, 3, 'd')]))).toBe(true);
  });

  it.each([
    ['another revision', known({ 1: 'b', 2: 'b' })],
    ['another revision of its span', known({ 2: 'b' }, {}, [span(1, 1, 'b')])],
    ['another extent', known({ 1: 'a' }, { extent: { from: NOON - HOUR, to: NOON + MINUTE } })],
    ['other coverage', known({ 1: 'a' }, { coverage: [{ ...entry, from: NOON - 2 * HOUR }] })],
    ['more coverage', known({ 1: 'a' }, { coverage: [{ ...entry, from: 0, to: 9 }, entry] })],
  ])('gives way to a later one with %s', (_, later) => {
    const first = known({ 1: 'a' }, {}, [span(1, 1, 'a')]);
    expect(first.absorb(later)).toBe(false);
    expect(first.agreesWith(later)).toBe(false);
    expect(first.revisionOf(2)).toBeUndefined();
  });

  it('believes no coverage that reaches beyond now, or was collected after now', () => {
    const past = { ...entry, to: NOON - MINUTE, collectedAt: NOON - MINUTE };
    const beyond = { from: NOON, to: NOON + MINUTE, source: 'x', collectedAt: NOON };
    const later = { from: NOON - MINUTE, to: NOON, source: 'y', collectedAt: NOON + MINUTE };
    const snapshot = known({}, { coverage: [past, later, beyond] });
    expect(snapshot.entries).toEqual([past]);
    expect(snapshot.covered).toEqual([{ from: past.from, to: past.to }]);
    expect(snapshot.disbelieved).toEqual([later, beyond]);
    expect(snapshot.holdsFrom).toBe(past.to);
  });
});

describe('periods', () => {
  const timeframes = fc.constantFrom('1m', '1h@30m', '1w@3d', '1M', '2M@-9h', '1y' as const);
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
  it.each(['1s', '1m@7s', '1w', '1d@15h', '1M@9h', '1y'] as const)(
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
});
