import type { Candle } from '@barkeep/core';
import type { CandleDelivery } from '@barkeep/market-data';
import { describe, expect, it } from 'vitest';
import { KEY, MINUTE, minutes, openDesk, settle } from './fixtures.ts';

const DAY = 1_440 * MINUTE;

function doubled(candle: Candle): Candle {
  return { ...candle, volume: 2 * candle.volume };
}

describe('a delivery of another stretch', () => {
  it.each([
    ['before', minutes(-300), minutes(-200)],
    ['after', minutes(-9), minutes(0)],
  ])(
    'that lies %s the one asked for is a failure, and nothing of it counts',
    async (_, from, to) => {
      const { exchange, service, storage } = await openDesk();
      exchange.interfere = (request) => ({ candles: exchange.candles(request, from, to) });
      const range = { from: minutes(-100), to: minutes(-50) };
      const { missing, failures } = await service.getCandles({ ...KEY, ...range });
      expect(missing).toEqual([range]);
      expect(failures).toMatchObject([{ error: { code: 'SOURCE_FAILED', retryable: false } }]);
      const message = failures[0]?.error.message ?? '';
      for (const instant of [range.from, range.to, from, to]) {
        expect(message).toContain(new Date(instant).toISOString());
      }
      expect(await storage.candles.list()).toEqual([]);
      expect(await storage.coverage.of(KEY)).toEqual([]);
      expect((await service.describeSeries(KEY)).lastError).toMatchObject({
        code: 'SOURCE_FAILED',
      });
    },
  );

  it('is no failure where it has the one asked for, too, or no candle at all', async () => {
    const { exchange, service } = await openDesk();
    exchange.interfere = (request) => ({
      candles: exchange.candles(request, minutes(-300), minutes(-99)),
    });
    const range = { from: minutes(-100), to: minutes(-50) };
    expect(await service.getCandles({ ...KEY, ...range })).toMatchObject({
      missing: [],
      failures: [],
    });
    exchange.interfere = () => ({ candles: [] });
    const quiet = { from: minutes(-40), to: minutes(-30) };
    expect(await service.getCandles({ ...KEY, ...quiet })).toMatchObject({
      missing: [],
      failures: [],
    });
  });
});

describe('candles beside the request', () => {
  it('never replace covered ones, before it or after it', async () => {
    const { exchange, service } = await openDesk();
    await service.getCandles({ ...KEY, from: minutes(-30), to: minutes(-20) });
    await service.getCandles({ ...KEY, from: minutes(-10), to: minutes(-5) });
    exchange.interfere = (request) => {
      const around = exchange.candles(request, minutes(-30), minutes(0));
      const isInside = ({ timestamp: at }: Candle) => at >= request.from && at < request.to;
      return { candles: around.map((candle) => (isInside(candle) ? candle : doubled(candle))) };
    };
    const { series, missing } = await service.getCandles({
      ...KEY,
      from: minutes(-30),
      to: minutes(-5),
    });
    expect(missing).toEqual([]);
    expect(series.toArray()).toEqual(exchange.candles(KEY, minutes(-30), minutes(-5)));
  });

  it('do not become final by it', async () => {
    const { exchange, service, storage } = await openDesk();
    exchange.interfere = (request) => ({
      candles: exchange.candles(request, minutes(-20), minutes(0)),
      covers: { from: minutes(-20), to: minutes(0) },
    });
    const range = { from: minutes(-10), to: minutes(-5) };
    await service.getCandles({ ...KEY, ...range });
    expect(await storage.coverage.of(KEY)).toMatchObject([range]);
  });
});

describe('a slow delivery', () => {
  it('never replaces what became covered after it was asked for', async () => {
    const { clock, exchange, service } = await openDesk();
    const gate = Promise.withResolvers<void>();
    let early: CandleDelivery | undefined;
    exchange.interfere = async (request) => {
      early = exchange.deliver(request);
      await gate.promise;
      return early;
    };
    const query = { ...KEY, from: minutes(-1), to: minutes(1) };
    const slow = service.getCandles(query);
    await settle();
    clock.advanceTo(minutes(1) + 5_000);
    const final = exchange.candles(KEY, minutes(0), minutes(1));
    await service.saveCandles(KEY, final, {
      covers: { from: minutes(0), to: minutes(1) },
      source: 'another',
    });
    gate.resolve();
    await slow;
    exchange.interfere = () => undefined;
    const { series, coverage } = await service.getCandles(query);
    expect(series.at(-1)).toEqual(final[0]);
    expect(coverage.at(-1)).toMatchObject({ source: 'another' });
  });

  it('covers nothing that ended after it was asked for', async () => {
    const { clock, exchange, service, storage } = await openDesk();
    const gate = Promise.withResolvers<void>();
    exchange.interfere = async (request) => {
      const early = exchange.deliver(request);
      await gate.promise;
      return early;
    };
    const reading = service.getCandles({ ...KEY, from: minutes(-5), to: minutes(1) });
    await settle();
    clock.advanceTo(minutes(1) + 10_000);
    gate.resolve();
    const { missing } = await reading;
    expect(missing).toEqual([{ from: minutes(0), to: minutes(1) }]);
    expect(await storage.coverage.of(KEY)).toMatchObject([{ from: minutes(-5), to: minutes(0) }]);

    exchange.interfere = () => undefined;
    const { series } = await service.getCandles({ ...KEY, from: minutes(-5), to: minutes(1) });
    expect(series.toArray()).toEqual(exchange.candles(KEY, minutes(-5), minutes(1)));
  });
});

describe('times that cannot be', () => {
  it.each([
    ['a candle of the year 2126', Date.UTC(2126, 0, 1)],
    ['a candle of the year 9000', Date.UTC(9_000, 0, 1)],
    ['a candle nine hours ahead', minutes(9 * 60)],
    ['a candle half an hour ahead', minutes(30)],
  ])('%s is left out and named, and so is what it might be instead', async (_, timestamp) => {
    const { exchange, service, storage } = await openDesk();
    exchange.interfere = (request) => {
      const [first, ...candles] = exchange.candles(request, request.from, request.to);
      return { candles: [...candles, { ...first, timestamp } as Candle] };
    };
    const range = { from: minutes(-5), to: minutes(0) };
    const { failures, series, missing } = await service.getCandles({ ...KEY, ...range });
    expect(series.toArray()).toEqual(exchange.candles(KEY, minutes(-4), minutes(0)));
    expect(missing).toEqual([{ from: minutes(-5), to: minutes(-4) }]);
    const details = { field: 'timestamp', timestamp };
    expect(failures).toMatchObject([
      { interval: range, error: { code: 'SOURCE_FAILED', details } },
    ]);
    expect(failures[0]?.error.message).toContain(
      `${new Date(timestamp).toISOString()} (${timestamp})`,
    );
    expect(await storage.coverage.of(KEY)).toMatchObject([{ ...range, from: minutes(-4) }]);
    expect((await service.stats()).coordinator?.lastError?.message).toContain('ahead of the clock');
  });

  it('do not include a candle of a clock a little ahead of ours', async () => {
    const { clock, exchange, service } = await openDesk();
    exchange.interfere = (request) => ({
      candles: exchange.candles(request, request.from, minutes(3), clock.now() + 2 * MINUTE),
    });
    expect(await service.getCandles({ ...KEY, limit: 5 })).toMatchObject({ failures: [] });
  });

  it.each([
    ['in seconds', Math.floor(minutes(0) / 1_000)],
    ['in microseconds', minutes(0) * 1_000],
    ['that is no number', 'now'],
  ])('include an asOf %s', async (_, asOf) => {
    const { exchange, service, storage } = await openDesk();
    exchange.interfere = (request) => ({ ...exchange.deliver(request), asOf: asOf as number });
    const { failures } = await service.getCandles({ ...KEY, from: minutes(-5), to: minutes(0) });
    expect(failures).toMatchObject([
      { error: { code: 'SOURCE_FAILED', details: { field: 'asOf' } } },
    ]);
    expect(await storage.coverage.of(KEY)).toEqual([]);
  });

  it('include an asOf ahead of our clock: it covers no more than ours does', async () => {
    const { clock, exchange, service, storage } = await openDesk();
    exchange.interfere = (request) => ({
      ...exchange.deliver(request),
      asOf: clock.now() + 9 * 60 * MINUTE,
    });
    await service.getCandles({ ...KEY, from: minutes(-5), to: minutes(1) });
    expect(await storage.coverage.of(KEY)).toMatchObject([{ from: minutes(-5), to: minutes(0) }]);
  });
});

describe('where history begins', () => {
  const range = { from: minutes(-100), to: minutes(0) };

  it.each([
    ['in the future', minutes(60)],
    ['after a candle of the same delivery', minutes(-50)],
  ])('is not believed to be %s', async (_, historyStart) => {
    const { exchange, service } = await openDesk();
    exchange.interfere = (request) => ({ ...exchange.deliver(request), historyStart });
    const answer = await service.getCandles({ ...KEY, ...range });
    expect(answer.historyStart).toBeUndefined();
    expect(answer.series.length).toBe(100);
    expect((await service.describeSeries(KEY)).historyStart).toBeUndefined();
    expect((await service.stats()).coordinator?.startsDoubted).toBe(1);
    exchange.takeIntervals();
    await service.getCandles({ ...KEY, from: minutes(-200), to: minutes(0) });
    expect(exchange.takeIntervals()).toEqual([[minutes(-200), minutes(-100)]]);
  });

  it('is not believed to be after a stored candle', async () => {
    const { exchange, service } = await openDesk();
    await service.saveCandles(KEY, exchange.candles(KEY, minutes(-100), minutes(-99)));
    exchange.interfere = (request) => ({
      ...exchange.deliver(request),
      historyStart: minutes(-50),
    });
    const { historyStart } = await service.getCandles({
      ...KEY,
      from: minutes(-10),
      to: minutes(0),
    });
    expect(historyStart).toBeUndefined();
    const { missing } = await service.getCandles({ ...KEY, ...range }, { fetchMissing: false });
    expect(missing).toEqual([{ from: minutes(-100), to: minutes(-10) }]);
  });

  it('is forgotten when an earlier candle disproves it', async () => {
    const { exchange, service, storage } = await openDesk();
    exchange.interfere = (request) => ({
      candles: exchange.candles(request, Math.max(request.from, minutes(-50)), request.to),
      historyStart: minutes(-50),
    });
    expect(await service.getCandles({ ...KEY, ...range })).toMatchObject({
      historyStart: minutes(-50),
    });
    await service.saveCandles(KEY, exchange.candles(KEY, minutes(-90), minutes(-89)));
    expect(await service.getCandles({ ...KEY, ...range }, { fetchMissing: false })).toMatchObject({
      historyStart: undefined,
    });
    exchange.interfere = () => undefined;
    const whole = await service.getCandles({ ...KEY, from: minutes(-200), to: minutes(0) });
    expect(whole).toMatchObject({ historyStart: undefined, missing: [] });
    expect(await storage.metadata.get('series/1m:KRW-BTC')).toEqual({});
  });

  it('is not believed when it was noted for the future', async () => {
    const { exchange, service, storage } = await openDesk();
    await storage.metadata.set('series/1m:KRW-BTC', { historyStart: minutes(1_000) });
    const { series, missing, historyStart } = await service.getCandles({ ...KEY, limit: 10 });
    expect(series.length).toBe(10);
    expect({ missing, historyStart }).toEqual({ missing: [], historyStart: undefined });
    expect(exchange.takeIntervals()).toHaveLength(1);
  });

  it('is forgotten by invalidate, here and in the notes', async () => {
    const { exchange, service, storage } = await openDesk();
    exchange.interfere = () => ({ candles: [], historyStart: minutes(-10) });
    await service.getCandles({ ...KEY, ...range });
    expect((await service.describeSeries(KEY)).historyStart).toBe(minutes(-10));
    await service.invalidate({ symbol: KEY.symbol, timeframe: KEY.timeframe });
    expect((await service.describeSeries(KEY)).historyStart).toBeUndefined();
    expect(await storage.metadata.get('series/1m:KRW-BTC')).toEqual({});
    exchange.interfere = () => undefined;
    exchange.takeIntervals();
    await service.getCandles({ ...KEY, from: minutes(-200), to: minutes(-150) });
    expect(exchange.takeIntervals()).toEqual([[minutes(-200), minutes(-150)]]);
  });

  it('may lie inside the first period', async () => {
    const { exchange, service } = await openDesk();
    exchange.interfere = (request) => ({
      candles: exchange.candles(request, Math.max(request.from, minutes(-50)), request.to),
      historyStart: minutes(-50) + 20_000,
    });
    const { historyStart, missing } = await service.getCandles({ ...KEY, ...range });
    expect({ historyStart, missing }).toEqual({ historyStart: minutes(-50) + 20_000, missing: [] });
  });

  it('is kept when a failure is noted before the notes were read', async () => {
    const { exchange, service, storage } = await openDesk();
    await storage.metadata.set('series/1m:KRW-BTC', { historyStart: minutes(-DAY / MINUTE) });
    exchange.interfere = () => {
      throw new Error('no route to host');
    };
    await service.getCandles({ ...KEY, ...range });
    expect(await storage.metadata.get('series/1m:KRW-BTC')).toMatchObject({
      historyStart: minutes(-DAY / MINUTE),
      lastError: { code: 'SOURCE_FAILED' },
    });
  });
});
