import { spawnSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { resolve } from 'node:path';
import { delay, ManualClock, nextTurn, RepeatingTask, systemClock } from '@barkeep/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const DAY = 86_400_000;

describe('the system clock', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2024, 0) });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('tells the time', () => {
    vi.advanceTimersByTime(5);
    expect(systemClock.now()).toBe(Date.UTC(2024, 0) + 5);
  });

  it.each([1, 2 ** 31 - 1, 2 ** 31, 30 * DAY, 100 * DAY])(
    'calls back after %d ms, no sooner and once, though setTimeout counts in 32 bits',
    (delayMs) => {
      const callback = vi.fn();
      systemClock.setTimer(callback, delayMs);
      vi.advanceTimersByTime(delayMs - 1);
      expect(callback).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(callback).toHaveBeenCalledOnce();
      vi.advanceTimersByTime(200 * DAY);
      expect(callback).toHaveBeenCalledOnce();
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it.each([0, 10 * DAY, 26 * DAY, 60 * DAY])('takes a timer off after %d ms of it', (elapsed) => {
    const callback = vi.fn();
    const timer = systemClock.setTimer(callback, 90 * DAY);
    vi.advanceTimersByTime(elapsed);
    timer.cancel();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(200 * DAY);
    expect(callback).not.toHaveBeenCalled();
  });

  it('never calls back after an infinite delay, and at once after a negative one', () => {
    const never = vi.fn();
    const atOnce = vi.fn();
    const timer = systemClock.setTimer(never, Number.POSITIVE_INFINITY);
    systemClock.setTimer(atOnce, -5);
    vi.advanceTimersByTime(100 * DAY);
    expect(atOnce).toHaveBeenCalledOnce();
    expect(never).not.toHaveBeenCalled();
    timer.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the process', () => {
  it('is not held by a timer of the system clock', () => {
    expect(run('systemClock.setTimer(() => console.log("late"), 3_600_000);')).toBe('');
  });

  it('is held by a delay that somebody awaits', () => {
    expect(run('await delay(systemClock, 20); console.log("done");')).toBe('done\n');
  });

  function run(code: string): string {
    const input = `import { delay, systemClock } from '@barkeep/core'; void delay; ${code}`;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--conditions=@barkeep/typescript', '--input-type=module-typescript'],
      { cwd: resolve(import.meta.dirname, '..'), input, encoding: 'utf8', timeout: 25_000 },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout;
  }
});

describe('ManualClock', () => {
  it('stands still until it is moved', () => {
    const clock = new ManualClock(1_000);
    expect(clock.now()).toBe(1_000);
    clock.advance(0);
    clock.advanceTo(1_500);
    clock.advance(5);
    expect(clock.now()).toBe(1_505);
  });

  it('fires due timers in order, each at its own instant, also those set on the way', () => {
    const clock = new ManualClock(0);
    const fired: [string, number][] = [];
    const note = (name: string) => () => void fired.push([name, clock.now()]);
    clock.setTimer(note('c'), 30);
    clock.setTimer(note('a'), 10);
    clock.setTimer(note('b'), 10);
    clock.setTimer(() => {
      note('first')();
      clock.setTimer(note('set on the way'), 5);
    }, 2);
    clock.setTimer(note('later'), 31);
    clock.setTimer(note('off'), 10).cancel();
    clock.advance(30);
    expect(fired).toEqual([
      ['first', 2],
      ['set on the way', 7],
      ['a', 10],
      ['b', 10],
      ['c', 30],
    ]);
    expect([clock.now(), clock.pendingTimers]).toEqual([30, 1]);
  });

  it('treats a delay below zero as none', () => {
    const clock = new ManualClock(10);
    const callback = vi.fn();
    clock.setTimer(callback, -5);
    clock.advance(0);
    expect(callback).toHaveBeenCalledOnce();
  });

  it.each([-1, Number.NaN])('cannot move by %s', (ms) => {
    const clock = new ManualClock(10);
    expect(() => clock.advance(ms)).toThrow(RangeError);
    expect(clock.now()).toBe(10);
  });
});

describe('delay', () => {
  it('resolves when the clock gets there, and leaves no listener on the signal', async () => {
    const clock = new ManualClock();
    const { signal } = new AbortController();
    const waiting = delay(clock, 100, signal);
    clock.advance(99);
    expect(clock.pendingTimers).toBe(1);
    clock.advance(1);
    await expect(waiting).resolves.toBeUndefined();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('rejects with ABORTED when the signal fires, and takes its timer off', async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const waiting = delay(clock, 100, controller.signal);
    controller.abort('enough');
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('rejects at once when the signal has fired before', async () => {
    const clock = new ManualClock();
    await expect(delay(clock, 100, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('RepeatingTask', () => {
  it('runs at every interval, until it is stopped', () => {
    const clock = new ManualClock(0);
    const times: number[] = [];
    const task = new RepeatingTask(clock, 10, () => void times.push(clock.now()));
    task.start();
    task.start();
    clock.advance(35);
    expect(times).toEqual([10, 20, 30]);
    task.stop();
    task.stop();
    expect(clock.pendingTimers).toBe(0);
    task.start();
    clock.advance(10);
    expect(times).toEqual([10, 20, 30, 45]);
  });

  it('leaves a run out while one is under way, also when stopped and started meanwhile', async () => {
    const clock = new ManualClock(0);
    const run = Promise.withResolvers<void>();
    const work = vi.fn(() => run.promise);
    const task = new RepeatingTask(clock, 10, work);
    task.start();
    clock.advance(15);
    task.stop();
    task.start();
    clock.advance(1_000);
    expect(work).toHaveBeenCalledOnce();
    expect(clock.pendingTimers).toBe(1);
    run.resolve();
    await nextTurn();
    clock.advance(10);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('never runs with an infinite interval', () => {
    const clock = new ManualClock(0);
    new RepeatingTask(clock, Number.POSITIVE_INFINITY, () => expect.unreachable()).start();
    expect(clock.pendingTimers).toBe(0);
  });
});
