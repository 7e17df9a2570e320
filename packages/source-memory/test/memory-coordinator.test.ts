import { type Candle, type CandleInput, CandleSeries, ManualClock } from '@barkeep/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryCoordinator } from '../src/index.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);
const key = { symbol: 'KRW-BTC', timeframe: '1m' } as const;
const { signal } = new AbortController();

let clock: ManualClock;

beforeEach(() => {
  clock = new ManualClock(START + 10.5 * MINUTE);
});

describe('the coordinator in memory', () => {
  it('walks backwards through pages, and covers what has ended', async () => {
    const coordinator = make({ pageSize: 4, listedAt: START });
    const delivery = await coordinator.fetchCandles(request(0, 12), { signal });
    expect(minutes(delivery.candles)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(delivery).toMatchObject({
      covers: [{ from: START, to: START + 10 * MINUTE }],
      source: 'memory',
      historyStart: START,
    });
    expect(coordinator.requests).toEqual([
      { request: request(0, 12), at: clock.now(), pages: 3, outcome: 'delivered' },
    ]);
  });

  it('delivers a part, when it may not turn all pages, and covers no more', async () => {
    const coordinator = make({ pageSize: 2, pagesPerCall: 2 });
    const delivery = await coordinator.fetchCandles(request(0, 9), { signal });
    expect(minutes(delivery.candles)).toEqual([5, 6, 7, 8]);
    expect(delivery.covers).toEqual([{ from: START + 5 * MINUTE, to: START + 9 * MINUTE }]);
  });

  it('fails as often as it is told to, after as many pages', async () => {
    const coordinator = make({ pageSize: 2 });
    const down = new Error('down');
    coordinator.fail(down, { afterPages: 1, times: 2 });
    const fetch = () => coordinator.fetchCandles(request(0, 6), { signal });
    await expect(fetch()).rejects.toBe(down);
    await expect(fetch()).rejects.toBe(down);
    await expect(fetch()).resolves.toBeDefined();
    expect(coordinator.requests.map(({ pages, outcome }) => ({ pages, outcome }))).toEqual([
      { pages: 2, outcome: 'failed' },
      { pages: 1, outcome: 'failed' },
      { pages: 3, outcome: 'delivered' },
    ]);
  });

  it('hangs until the signal fires, or it recovers', async () => {
    const coordinator = make();
    coordinator.hang();
    const stop = new AbortController();
    const hanging = coordinator.fetchCandles(request(0, 6), { signal: stop.signal });
    stop.abort();
    await expect(hanging).rejects.toMatchObject({ code: 'ABORTED' });
    expect(coordinator.requests[0]?.outcome).toBe('aborted');
    coordinator.recover();
    await expect(coordinator.fetchCandles(request(0, 6), { signal })).resolves.toBeDefined();
  });

  it('answers as of some time ago while it lags', async () => {
    const coordinator = make();
    coordinator.lag(45_000);
    const { candles, covers, asOf } = await coordinator.fetchCandles(request(0, 12), { signal });
    expect(minutes(candles).at(-1)).toBe(9);
    expect(covers).toEqual([{ from: START, to: START + 9 * MINUTE }]);
    expect(asOf).toBe(clock.now() - 45_000);
    coordinator.recover();
    const later = await coordinator.fetchCandles(request(0, 12), { signal });
    expect(minutes(later.candles).at(-1)).toBe(10);
  });

  it('takes its time by the clock', async () => {
    const coordinator = make({ pageMs: 1_000 });
    const fetching = coordinator.fetchCandles(request(0, 6), { signal });
    expect(clock.pendingTimers).toBe(1);
    clock.advance(1_000);
    await expect(fetching).resolves.toBeDefined();
  });
});

function make(options: ConstructorParameters<typeof MemoryCoordinator>[0] = {}) {
  const coordinator = new MemoryCoordinator({ clock, ...options });
  coordinator.add(
    key,
    Array.from({ length: 20 }, (_, i) => flat(i)),
  );
  return coordinator;
}

function request(from: number, to: number) {
  return { ...key, from: START + from * MINUTE, to: START + to * MINUTE };
}

function flat(minute: number): Candle {
  return { timestamp: START + minute * MINUTE, open: 1, high: 1, low: 1, close: 1, volume: 1 };
}

function minutes(candles: CandleInput): number[] {
  const { timestamp } = CandleSeries.from(key, candles);
  return Array.from(timestamp, (at) => (at - START) / MINUTE);
}
