import type { IMarketDataService } from '@barkeep/market-data';
import { describe, expect, it } from 'vitest';
import { KEY, minutes, openDesk, settle } from './fixtures.ts';

const calls: Readonly<
  Record<string, (service: IMarketDataService, signal?: AbortSignal) => unknown>
> = {
  saveCandles: (service, signal) => service.saveCandles(KEY, [], { signal }),
  saveCandlesBatch: (service, signal) => service.saveCandlesBatch([], { signal }),
  scanCandles: (service, signal) =>
    service.scanCandles(KEY, { signal })[Symbol.asyncIterator]().next(),
  listSeries: (service, signal) => service.listSeries({}, { signal }),
  removeCandles: (service, signal) => service.removeCandles(KEY, undefined, { signal }),
  getCandles: (service, signal) => service.getCandles(KEY, { signal }),
  getCandlesBatch: (service, signal) => service.getCandlesBatch([KEY], { signal }),
  preload: (service, signal) => service.preload([KEY], { signal }),
  invalidate: (service, signal) => service.invalidate({}, { signal }),
  describeSeries: (service, signal) => service.describeSeries(KEY, undefined, { signal }),
  applyRetention: (service, signal) => service.applyRetention({ signal }),
  retentionSteps: (service, signal) => service.retentionSteps({ signal }).next(),
  explainRetention: (service, signal) => service.explainRetention({ signal }),
  updateTicker: (service, signal) =>
    service.updateTicker({ symbol: 'A', timestamp: 0, price: 1 }, { signal }),
  getTicker: (service, signal) => service.getTicker('A', { signal }),
  getTickers: (service, signal) => service.getTickers(['A'], { signal }),
  updateOrderBook: (service, signal) =>
    service.updateOrderBook({ symbol: 'A', timestamp: 0, bids: [], asks: [] }, { signal }),
  getOrderBook: (service, signal) => service.getOrderBook('A', { signal }),
  appendTrades: (service, signal) => service.appendTrades('A', [], { signal }),
  getTrades: (service, signal) => service.getTrades('A', { signal }),
  stats: (service, signal) => service.stats({ signal }),
};

describe('every method', () => {
  it('is listed here', async () => {
    const { service } = await openDesk();
    const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(service)).filter(
      (name) => !/^(constructor|_.*|close|health|subscribe)$/.test(name),
    );
    expect(methods.sort()).toEqual(Object.keys(calls).sort());
  });

  it.each(Object.entries(calls))('%s works while the service is open', async (_name, call) => {
    const { service } = await openDesk();
    await call(service);
  });

  it.each(Object.entries(calls))('%s rejects with NOT_OPEN after close', async (_name, call) => {
    const { service } = await openDesk();
    await service.close();
    await expect(call(service)).rejects.toMatchObject({
      code: 'NOT_OPEN',
      details: { state: 'closed' },
    });
  });

  it.each(Object.entries(calls))(
    '%s rejects with ABORTED when the signal has fired',
    async (_name, call) => {
      const { service } = await openDesk();
      const reason = new Error('enough');
      await expect(call(service, AbortSignal.abort(reason))).rejects.toMatchObject({
        code: 'ABORTED',
        cause: reason,
      });
    },
  );
});

it('subscribe throws NOT_OPEN after close', async () => {
  const { service } = await openDesk();
  await service.close();
  expect(() => service.subscribe({}, () => {})).toThrow(
    expect.objectContaining({ code: 'NOT_OPEN' }),
  );
});

describe('close', () => {
  it('gives up fetches under way: those who wait get what there is', async () => {
    const { exchange, service, clock } = await openDesk();
    await service.saveCandles(KEY, exchange.candles(KEY, minutes(-5), minutes(0)));
    let given: AbortSignal | undefined;
    exchange.interfere = (_request, signal) => {
      given = signal;
      return new Promise(() => {});
    };
    const reading = service.getCandles({ ...KEY, from: minutes(-10), to: minutes(0) });
    await settle();
    await service.close();
    expect(given?.aborted).toBe(true);
    const { series, failures, missing } = await reading;
    expect(series.length).toBe(5);
    expect(failures).toMatchObject([{ error: { code: 'ABORTED' } }]);
    expect(missing).toEqual([{ from: minutes(-10), to: minutes(0) }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('may be called twice, and lets calls under way end', async () => {
    const { service, exchange } = await openDesk({ coordinator: undefined });
    const saving = service.saveCandles(KEY, exchange.candles(KEY, minutes(-5), minutes(0)));
    await Promise.all([service.close(), service.close()]);
    expect(await saving).toEqual({ inserted: 5, updated: 0, unchanged: 0 });
    expect(service.state).toBe('closed');
  });
});

describe('a fetch', () => {
  it('is given up when the last of those who wait for it has left', async () => {
    const { exchange, service } = await openDesk();
    const signals: AbortSignal[] = [];
    exchange.interfere = (_request, signal) => {
      signals.push(signal);
      return new Promise(() => {});
    };
    const query = { ...KEY, from: minutes(-10), to: minutes(0) };
    const [one, two] = [new AbortController(), new AbortController()];
    const first = service.getCandles(query, { signal: one.signal });
    const second = service.getCandles(query, { signal: two.signal });
    await settle();
    expect(signals).toHaveLength(1);
    one.abort();
    await expect(first).rejects.toMatchObject({ code: 'ABORTED' });
    expect(signals[0]?.aborted).toBe(false);
    two.abort();
    await expect(second).rejects.toMatchObject({ code: 'ABORTED' });
    await settle();
    expect(signals[0]?.aborted).toBe(true);

    exchange.interfere = () => undefined;
    expect((await service.getCandles(query)).series.length).toBe(10);
  });
});
