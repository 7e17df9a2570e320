import { ManualClock } from '@barkeep/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RealtimeActivity } from '../src/live/realtime-activity.ts';

describe('RealtimeActivity', () => {
  it('counts the updates of the last minute, whenever they come', () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 100_000 }),
      updates: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: -100_000, max: 100_000 }), fc.array(step), (start, steps) => {
        const clock = new ManualClock(start);
        const activity = new RealtimeActivity(clock);
        const came: number[] = [];
        for (const { afterMs, updates } of steps) {
          clock.advance(afterMs);
          for (let i = 0; i < updates; i += 1) {
            activity.noteValue('ticker', clock.now());
            came.push(clock.now());
          }
          const { updatesPerSecond, ticker } = activity.statistics;
          const now = clock.now();
          const windowMs = Math.min(now - start, 60_000 + (((now % 10_000) + 10_000) % 10_000));
          const counted = came.filter((at) => at >= now - windowMs).length;
          expect(updatesPerSecond).toBeCloseTo(counted / Math.max(1, windowMs / 1_000), 9);
          expect(ticker.updates).toBe(came.length);
          const newest = came.at(-1);
          expect(ticker.ageMs).toBe(newest === undefined ? undefined : now - newest);
        }
      }),
    );
  });

  it('takes a value that is ahead of the clock for one of now, and keeps the newest', () => {
    const clock = new ManualClock(100_000);
    const activity = new RealtimeActivity(clock);
    activity.noteValue('orderBook', 300_000);
    clock.advance(1_000);
    expect(activity.statistics.orderBook.ageMs).toBe(1_000);
    activity.noteValue('orderBook', 50_000);
    expect(activity.statistics.orderBook.ageMs).toBe(1_000);
    clock.setWallTime(0);
    expect(activity.statistics.orderBook.ageMs).toBe(0);
  });
});
