import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Clock, ManualClock, monotonicTime, type TimeJump } from '../src/index.ts';

const HOUR = 3_600_000;

/** The same clock for a caller that gave no `monotonic`. */
function wallOnly(clock: ManualClock): Clock {
  return { now: () => clock.now(), setTimer: (callback, ms) => clock.setTimer(callback, ms) };
}

function heardBy(clock: Clock): TimeJump[] {
  const jumps: TimeJump[] = [];
  monotonicTime(clock).onJump((jump) => jumps.push(jump));
  return jumps;
}

describe.each([
  ['a clock with monotonic', (clock: ManualClock): Clock => clock],
  ['a clock with wall time and timers only', wallOnly],
])('monotonic time of %s', (_, view) => {
  it('passes as the clock does', () => {
    const clock = new ManualClock();
    const time = monotonicTime(view(clock));
    const start = time.now();
    clock.advance(1_234);
    expect(time.now() - start).toBe(1_234);
  });

  it('goes on when the wall clock is set back', () => {
    const clock = new ManualClock();
    const seen = view(clock);
    const jumps = heardBy(seen);
    const start = monotonicTime(seen).now();
    clock.setWallTime(clock.now() - 9 * HOUR);
    clock.advance(60_000);
    expect(monotonicTime(seen).now() - start).toBeGreaterThanOrEqual(60_000);
    expect(jumps.map(({ byMs }) => Math.round(byMs / HOUR))).toEqual([-9]);
  });

  it('tells of a clock set ahead, or a process that stood still', () => {
    const clock = new ManualClock();
    const seen = view(clock);
    const jumps = heardBy(seen);
    const start = monotonicTime(seen).now();
    clock.setWallTime(clock.now() + 8 * HOUR);
    expect(monotonicTime(seen).now() - start).toBeGreaterThanOrEqual(8 * HOUR);
    expect(jumps).toHaveLength(1);
    expect(jumps[0]?.byMs).toBeGreaterThan(8 * HOUR - 10_000);
    clock.advance(HOUR);
    expect(jumps).toHaveLength(1);
  });

  it('never goes back, whatever the wall clock does', () => {
    const step = fc.record({
      passes: fc.integer({ min: 0, max: 100_000 }),
      jumps: fc.integer({ min: -HOUR, max: HOUR }),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const clock = new ManualClock();
        const seen = view(clock);
        heardBy(seen);
        let last = monotonicTime(seen).now();
        for (const { passes, jumps } of steps) {
          clock.setWallTime(clock.now() + jumps);
          clock.advance(passes);
          const now = monotonicTime(seen).now();
          expect(now - last).toBeGreaterThanOrEqual(Math.max(0, passes - 5_000));
          last = now;
        }
      }),
    );
  });

  it('lets its timers fire in time, and keeps no timer when nobody listens', () => {
    const clock = new ManualClock();
    const seen = view(clock);
    const fired: number[] = [];
    monotonicTime(seen).setTimer(() => fired.push(clock.now()), 500);
    const due = clock.now() + 500;
    clock.advance(1_000);
    expect(fired).toEqual([due]);
    const end = monotonicTime(seen).onJump(() => {});
    expect(clock.pendingTimers).toBe(1);
    end();
    expect(clock.pendingTimers).toBe(0);
  });
});
