import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { OperationStatistics, type OperationSummary, type OperationTrace } from '@barkeep/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const BUCKET = 1 + 1 / 8;

function summaryOf(times: readonly number[]): OperationSummary {
  const statistics = new OperationStatistics();
  for (const ms of times) statistics.record('read', ms);
  const { read } = statistics.summary();
  return read ?? expect.unreachable();
}

describe('OperationStatistics', () => {
  it('counts and averages exactly, and bounds quantiles from above to an eighth', () => {
    const ms = fc.double({ min: 0.001, max: 10_000_000, noNaN: true });
    fc.assert(
      fc.property(fc.array(ms, { minLength: 1, maxLength: 200 }), (times) => {
        const sorted = times.toSorted((a, b) => a - b);
        const summary = summaryOf(times);
        const largest = sorted.at(-1) ?? Number.NaN;
        expect(summary.calls).toBe(times.length);
        expect(summary.maxMs).toBe(largest);
        expect(summary.meanMs).toBeCloseTo(times.reduce((a, b) => a + b) / times.length, 3);
        for (const [share, bound] of [
          [0.5, summary.p50Ms],
          [0.95, summary.p95Ms],
          [0.99, summary.p99Ms],
        ] as const) {
          const exact = sorted[Math.ceil(times.length * share) - 1] ?? Number.NaN;
          expect(bound).toBeGreaterThanOrEqual(exact * (1 - 1e-12));
          expect(bound).toBeLessThanOrEqual(
            exact > 600_000 ? largest : exact * BUCKET * (1 + 1e-12),
          );
        }
      }),
    );
  });

  it('measures what it runs, passes its outcome on, and counts failures', async () => {
    const statistics = new OperationStatistics();
    const failure = new Error('failed');
    await expect(statistics.measure('write', async () => 5)).resolves.toBe(5);
    await expect(statistics.measure('write', () => Promise.reject(failure))).rejects.toBe(failure);
    await expect(
      statistics.measure('read', () => {
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect(statistics.summary()).toMatchObject({
      write: { calls: 2, failures: 1 },
      read: { calls: 1, failures: 1 },
    });
  });

  it('reports slow calls', () => {
    const slow: [string, number][] = [];
    const onSlow = (operation: string, ms: number): void => void slow.push([operation, ms]);
    const statistics = new OperationStatistics({ slowMs: 10, onSlow });
    for (const ms of [9.9, 10, 500]) statistics.record('read', ms);
    expect(slow).toEqual([
      ['read', 10],
      ['read', 500],
    ]);
  });

  it('traces calls for those who follow them, with their duration and failure', async () => {
    const statistics = new OperationStatistics({ component: 'desk' });
    const heard: [string, object][] = [];
    const channels = ['start', 'asyncEnd', 'error'].map((event) => ({
      name: `tracing:barkeep:operation:${event}`,
      hear: (trace: unknown) => void heard.push([event, { ...(trace as OperationTrace) }]),
    }));
    expect(statistics.isTraced).toBe(false);
    for (const { name, hear } of channels) subscribe(name, hear);
    expect(statistics.isTraced).toBe(true);
    await statistics.measure('read', async () => 1);
    const failure = new Error('failed');
    await statistics.measure('write', () => Promise.reject(failure)).catch(() => undefined);
    await new OperationStatistics().measure('unnamed', async () => 1);
    for (const { name, hear } of channels) unsubscribe(name, hear);
    expect(statistics.isTraced).toBe(false);
    await statistics.measure('read', async () => 1);
    const done = { component: 'desk', durationMs: expect.any(Number) };
    expect(heard).toEqual([
      ['start', { component: 'desk', operation: 'read', durationMs: undefined }],
      ['asyncEnd', { ...done, operation: 'read', result: 1 }],
      ['start', { component: 'desk', operation: 'write', durationMs: undefined }],
      ['error', { ...done, operation: 'write', error: failure }],
      ['asyncEnd', { ...done, operation: 'write', error: failure }],
    ]);
    expect(statistics.summary()).toMatchObject({ read: { calls: 2 }, write: { failures: 1 } });
  });

  it('has nothing to say of what was never called', () => {
    expect(new OperationStatistics().summary()).toEqual({});
  });

  it('takes a time of zero', () => {
    expect(summaryOf([0, 0])).toEqual({
      calls: 2,
      failures: 0,
      totalMs: 0,
      meanMs: 0,
      maxMs: 0,
      p50Ms: 0,
      p95Ms: 0,
      p99Ms: 0,
      histogram: [{ upToMs: expect.closeTo(0.001), calls: 2 }],
    });
  });
});
