import {
  CandleSeries,
  gatherCandles,
  nextTurn,
  runCooperatively,
  type SeriesKey,
} from '@barkeep/core';
import { describe, expect, it } from 'vitest';

const key: SeriesKey = { symbol: 'KRW-BTC', timeframe: '1m' };

/** The time of a million candles, the latest first: what has to be sorted as well. */
function million(): CandleSeries {
  const length = 1_000_000;
  const ones = new Float64Array(length).fill(1);
  const timestamp = Float64Array.from(ones, (_, i) => (length - i) * 60_000 + Date.UTC(2020, 0));
  const [open, high, low, close, volume] = [ones, ones, ones, ones, ones];
  return CandleSeries.fromTrustedColumns(key, { timestamp, open, high, low, close, volume });
}

describe('runCooperatively', () => {
  it('lets the event loop turn while a million candles are gathered', async () => {
    let turns = 0;
    let running = true;
    const count = (): void => {
      turns += 1;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    const columns = await runCooperatively(gatherCandles(key, million()));
    running = false;
    expect(columns.timestamp.length).toBe(1_000_000);
    expect(columns.timestamp[0]).toBe(Date.UTC(2020, 0) + 60_000);
    expect(turns).toBeGreaterThan(3);
  });

  it('yields after every few thousand candles, in every phase', () => {
    let steps = 0;
    const gathering = gatherCandles(key, million());
    while (!gathering.next().done) steps += 1;
    const phases = 1 + 1 + 2 * 2 + 1 + 6;
    expect(steps).toBeGreaterThanOrEqual(phases * Math.floor(1_000_000 / 8_192));
  });

  it('returns what the generator returns, and throws what it throws', async () => {
    const failure = new Error('failed');
    await expect(runCooperatively(steps(3, () => 'done'))).resolves.toBe('done');
    await expect(
      runCooperatively(
        steps(3, () => {
          throw failure;
        }),
      ),
    ).rejects.toBe(failure);
  });

  it('ends with ABORTED when the signal fires while others have the thread', async () => {
    const controller = new AbortController();
    const endless = steps(Number.POSITIVE_INFINITY, () => 'never');
    const run = runCooperatively(endless, controller.signal);
    controller.abort('enough');
    await expect(run).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
  });

  it('has nothing to give up without a pause', async () => {
    await expect(
      runCooperatively(
        steps(1, () => 5),
        new AbortController().signal,
      ),
    ).resolves.toBe(5);
  });

  function* steps<T>(count: number, end: () => T): Generator<void, T, void> {
    for (let i = 0; i < count; i += 1) yield;
    return end();
  }
});

describe('nextTurn', () => {
  it('comes after promises and due immediates', async () => {
    const order: string[] = [];
    setImmediate(() => order.push('immediate'));
    void Promise.resolve().then(() => order.push('microtask'));
    await nextTurn();
    expect(order).toEqual(['microtask', 'immediate']);
  });
});
