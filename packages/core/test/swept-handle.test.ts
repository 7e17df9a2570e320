import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import {
  type Awaitable,
  BarkeepError,
  type CallOptions,
  type Clock,
  ManualClock,
  monotonicTime,
  type OperationSummary,
  SweptHandle,
  type SweptHandleOptions,
} from '../src/index.ts';

class Shelf extends SweptHandle {
  sweeps: () => Awaitable<number> = () => 1;
  stopped = false;

  constructor(options: SweptHandleOptions = {}) {
    super('shelf', options);
  }

  call<T>(work: () => Awaitable<T>, options?: CallOptions): Promise<T> {
    this.begin(options);
    return this.run('call', options, work);
  }

  get timed(): Readonly<Record<string, OperationSummary>> {
    return this.operations;
  }

  get figures(): { expirations: number; failedSweeps: number } {
    return { expirations: this.expirations, failedSweeps: this.failedSweeps };
  }

  protected override _stop(): void {
    this.stopped = true;
  }

  protected _sweep(): Awaitable<number> {
    return this.sweeps();
  }
}

describe('SweptHandle', () => {
  it('counts and times calls by name, followed or not', async () => {
    const shelf = new Shelf();
    await shelf.open();
    const call = async (): Promise<void> => {
      expect(await shelf.call(() => 1)).toBe(1);
      expect(await shelf.call(async () => 2)).toBe(2);
      await expect(shelf.call(() => Promise.reject(new Error('broken')))).rejects.toMatchObject({
        code: 'INTERNAL',
      });
    };
    await call();
    const contexts: unknown[] = [];
    const hear = (context: unknown): void => void contexts.push(context);
    subscribe('tracing:barkeep:operation:start', hear);
    await call();
    unsubscribe('tracing:barkeep:operation:start', hear);
    expect(contexts).toMatchObject(Array(3).fill({ component: 'shelf', operation: 'call' }));
    expect(shelf.timed).toMatchObject({ call: { calls: 6, failures: 2 } });
    await shelf.close();
  });

  it('sweeps every thirty seconds by default, from open to close', async () => {
    const clock = new ManualClock();
    const shelf = new Shelf({ clock });
    expect(clock.pendingTimers).toBe(0);
    await shelf.open();
    clock.advance(90_000);
    expect(shelf.figures).toEqual({ expirations: 3, failedSweeps: 0 });
    await shelf.close();
    expect(clock.pendingTimers).toBe(0);
    expect(shelf.stopped).toBe(true);
  });

  it('lets its time learn what passes of a clock that was set back and cannot say it', async () => {
    const clock = new ManualClock();
    const wallOnly: Clock = {
      now: () => clock.now(),
      setTimer: (callback, ms) => clock.setTimer(callback, ms),
    };
    const shelf = new Shelf({ clock: wallOnly });
    await shelf.open();
    const start = monotonicTime(wallOnly).now();
    for (let i = 0; i < 10; i += 1) {
      clock.setWallTime(clock.now() - 3_600_000);
      clock.advance(60_000);
    }
    expect(monotonicTime(wallOnly).now() - start).toBeGreaterThanOrEqual(570_000);
    await shelf.close();
  });

  it('counts sweeps that failed, and goes on', async () => {
    const clock = new ManualClock();
    const shelf = new Shelf({ clock, sweepIntervalMs: 10 });
    await shelf.open();
    shelf.sweeps = () => {
      throw new Error('broken');
    };
    clock.advance(20);
    shelf.sweeps = () => Promise.reject(new Error('broken later'));
    clock.advance(10);
    await new Promise((resolve) => setImmediate(resolve));
    shelf.sweeps = () => Promise.resolve(5);
    clock.advance(10);
    await new Promise((resolve) => setImmediate(resolve));
    expect(shelf.figures).toEqual({ expirations: 5, failedSweeps: 3 });
    await shelf.close();
  });

  it('rejects a sweep that was asked for and failed', async () => {
    const shelf = new Shelf();
    await shelf.open();
    shelf.sweeps = () => Promise.reject(new BarkeepError('UNAVAILABLE', 'gone'));
    await expect(shelf.sweep()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await shelf.close();
  });

  it.each([0, -1, Number.NaN, '30'])('refuses to sweep every %s ms', (sweepIntervalMs) => {
    const options = { sweepIntervalMs } as SweptHandleOptions;
    expect(() => new Shelf(options)).toThrow(/sweepIntervalMs must be/);
  });

  it.each([
    ['throws', () => failing(new RangeError('off'))],
    ['rejects', () => Promise.reject(new RangeError('off'))],
  ])('makes what an adapter %s a BarkeepError', async (_how, work) => {
    const shelf = new Shelf();
    await shelf.open();
    await expect(shelf.call(work)).rejects.toMatchObject({
      code: 'INTERNAL',
      cause: new RangeError('off'),
    });
    await shelf.close();
  });

  it('lets an aborted caller go at once, and close waits for the work', async () => {
    const shelf = new Shelf();
    await shelf.open();
    const controller = new AbortController();
    let finish = (): void => undefined;
    const work = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const call = shelf.call(() => work, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(call).rejects.toMatchObject({ code: 'ABORTED' });
    const closing = shelf.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(shelf.stopped).toBe(false);
    finish();
    await closing;
    expect(shelf.stopped).toBe(true);
  });
});

function failing(error: Error): never {
  throw error;
}
