import { type CandleInput, CandleSeries, ManualClock } from '@barkeep/core';
import { describe, expect, it } from 'vitest';
import { ExchangeCoordinator } from '../src/exchange/exchange-coordinator.ts';
import { SimulatedExchange } from '../src/exchange/simulated-exchange.ts';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 2, 14, 5, 26, 30);
const TO = NOW - (NOW % MINUTE);
const { signal } = new AbortController();

describe('the coordinator', () => {
  it.each(['KRW-BTC', 'KRW-LINK'])(
    'delivers exactly the stretch of %s it was asked for',
    async (symbol) => {
      const { exchange, coordinator } = connect();
      const request = { symbol, timeframe: '1m', from: TO - 1_000 * MINUTE, to: TO } as const;
      const { candles, source } = await coordinator.fetchCandles(request, { signal });
      const times = timesOf(candles);
      expect(candles).toHaveLength(times.length);
      const traded = Array.from({ length: 1_000 }, (_, i) => request.from + i * MINUTE).filter(
        (minute) => exchange.trades(symbol, minute, minute + MINUTE).length > 0,
      );
      expect(times).toEqual(traded);
      expect(source).toBe('simulated-exchange');
      expect(exchange.calls).toBeLessThanOrEqual(6);
    },
  );

  it('asks for no more than it needs', async () => {
    const { exchange, coordinator } = connect();
    const request = { symbol: 'KRW-BTC', timeframe: '1m', from: TO - MINUTE, to: TO } as const;
    const { candles } = await coordinator.fetchCandles(request, { signal });
    expect(timesOf(candles)).toHaveLength(1);
    expect(exchange.calls).toBe(1);
  });

  it('stops where history begins, and says where that is', async () => {
    const listedAt = TO - 300 * MINUTE;
    const { coordinator } = connect({ listedAt });
    const request = {
      symbol: 'KRW-BTC',
      timeframe: '1m',
      from: TO - 9_000 * MINUTE,
      to: TO,
    } as const;
    const { candles, historyStart } = await coordinator.fetchCandles(request, { signal });
    expect(timesOf(candles).length).toBeGreaterThan(250);
    expect(timesOf(candles).length).toBeLessThanOrEqual(300);
    expect(historyStart).toBe(listedAt);
  });

  it('waits for the next second rather than be refused', async () => {
    const { clock, exchange, coordinator } = connect({ callsPerSecond: 2 });
    const request = {
      symbol: 'KRW-BTC',
      timeframe: '1m',
      from: TO - 900 * MINUTE,
      to: TO,
    } as const;
    let delivered = false;
    const delivery = Promise.resolve(coordinator.fetchCandles(request, { signal })).then((it) => {
      delivered = true;
      return it;
    });
    while (!delivered) {
      if (clock.pendingTimers > 0) clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(timesOf((await delivery).candles).length).toBeGreaterThan(890);
    expect(exchange.calls).toBe(5);
    expect(clock.now()).toBeGreaterThanOrEqual(NOW + 2_000);
  });

  it('stops when nobody waits any more', async () => {
    const { coordinator, exchange } = connect();
    const request = { symbol: 'KRW-BTC', timeframe: '1m', from: 0, to: TO } as const;
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(coordinator.fetchCandles(request, { signal: gone })).rejects.toThrow('gone');
    expect(exchange.calls).toBe(0);
  });
});

/** Ascending. */
function timesOf(candles: CandleInput): number[] {
  return [...CandleSeries.from({ symbol: 'any', timeframe: '1m' }, candles).timestamp];
}

function connect(options: { readonly listedAt?: number; readonly callsPerSecond?: number } = {}) {
  const clock = new ManualClock(NOW);
  const exchange = new SimulatedExchange({ clock, ...options });
  return { clock, exchange, coordinator: new ExchangeCoordinator(exchange, () => {}) };
}
