import { describe, expect, it } from 'vitest';
import { ManualClock, RepeatingTask } from '../src/index.ts';

describe('RepeatingTask', () => {
  it('calls at every interval, with one timer', () => {
    const clock = new ManualClock();
    const calls: number[] = [];
    const start = clock.now();
    const task = new RepeatingTask(clock, 100, () => void calls.push(clock.now() - start));
    task.start();
    task.start();
    expect(clock.pendingTimers).toBe(1);
    clock.advance(350);
    expect(calls).toEqual([100, 200, 300]);
    expect(clock.pendingTimers).toBe(1);
  });

  it('leaves out what falls due while a call is under way', async () => {
    const clock = new ManualClock();
    const ends: (() => void)[] = [];
    const task = new RepeatingTask(clock, 100, () => new Promise<void>((end) => ends.push(end)));
    task.start();
    clock.advance(300);
    expect(ends.length).toBe(1);
    ends[0]?.();
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(100);
    expect(ends.length).toBe(2);
  });

  it('calls no more after it was stopped, also by its own call', () => {
    const clock = new ManualClock();
    let calls = 0;
    const task = new RepeatingTask(clock, 100, () => {
      calls += 1;
      if (calls === 2) task.stop();
    });
    task.start();
    clock.advance(1_000);
    expect(calls).toBe(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it('never calls when the interval is infinite', () => {
    const clock = new ManualClock();
    new RepeatingTask(clock, Number.POSITIVE_INFINITY, () => undefined).start();
    expect(clock.pendingTimers).toBe(0);
  });
});
