import { type Candle, CandleSeries, type Interval } from '@barkeep/core';
import type { FailureEvent } from '@barkeep/market-data';
import { describe, expect, it } from 'vitest';
import type { Desk } from './fixtures.ts';
import { KEY, MINUTE, minutes, openDesk } from './fixtures.ts';

const range = { from: minutes(-10_000), to: minutes(0) };

/** Every candle at one of some minutes is delivered as a function makes it. */
function spoil(
  { exchange }: Desk,
  at: readonly number[],
  change: (candle: Candle) => unknown = (candle) => ({ ...candle, high: candle.low - 1 }),
): void {
  const times = new Set(at.map(minutes));
  exchange.interfere = (request) => ({
    candles: exchange
      .candles(request, request.from, request.to)
      .map((one) => (times.has(one.timestamp) ? change(one) : one) as Candle),
  });
}

function period(at: number): Interval {
  return { from: minutes(at), to: minutes(at + 1) };
}

function failuresOf({ service }: Desk): FailureEvent[] {
  const failures: FailureEvent[] = [];
  service.subscribe({}, (event) => event.type === 'failure' && failures.push(event));
  return failures;
}

describe('one bad candle among ten thousand', () => {
  it('is left out alone: the rest is stored, and covered around it', async () => {
    const desk = await openDesk();
    const { exchange, service, storage } = desk;
    const told = failuresOf(desk);
    spoil(desk, [-3_000]);
    const { series, missing, failures } = await service.getCandles({ ...KEY, ...range });
    expect(series.length).toBe(9_999);
    expect(missing).toEqual([period(-3_000)]);
    const timestamp = minutes(-3_000);
    const details = { field: 'high', rule: expect.stringContaining('below low'), timestamp };
    const error = { code: 'SOURCE_FAILED', retryable: false, details };
    expect(failures).toMatchObject([{ interval: period(-3_000), error, attempts: 1 }]);
    const message = failures[0]?.error.message;
    expect(message).toContain(`high of ${new Date(timestamp).toISOString()} (${timestamp}) must`);
    expect(message).not.toMatch(/\[\d/);
    expect(told).toMatchObject([{ of: 'fetching', key: KEY, error }]);
    const covered = await storage.coverage.missing(KEY, range);
    expect(covered).toEqual([period(-3_000)]);
    expect((await service.stats()).coordinator).toMatchObject({
      refused: 1,
      failures: 0,
      lastError: { interval: period(-3_000), error },
    });
    expect((await service.describeSeries(KEY)).lastError).toMatchObject({
      interval: period(-3_000),
    });
    expect(exchange.feedbacks.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(9_999);
  });

  it('is asked for again after growing waits, and is there once the source has mended it', async () => {
    const desk = await openDesk();
    const { exchange, service, clock } = desk;
    spoil(desk, [-5]);
    const query = { ...KEY, from: minutes(-10), to: minutes(0) };
    await service.getCandles(query);
    const asked: number[] = [];
    exchange.takeIntervals();
    for (let minute = 1; minute <= 130; minute += 1) {
      for (let read = 0; read < 5; read += 1) {
        const { missing, failures } = await service.getCandles(query);
        expect(missing).toEqual([period(-5)]);
        expect(failures).toMatchObject([
          { interval: period(-5), error: { code: 'SOURCE_FAILED' } },
        ]);
      }
      const requests = exchange.takeIntervals();
      if (requests.length > 0) asked.push(minute);
      expect(requests.length).toBeLessThan(2);
      for (const one of requests) expect(one).toEqual([minutes(-5), minutes(-4)]);
      clock.advance(MINUTE);
    }
    // After 1, 2, 4, 8, 16, 32 and 60 minutes.
    expect(asked).toEqual([2, 4, 8, 16, 32, 64, 124]);
    exchange.interfere = () => undefined;
    clock.advance(60 * MINUTE);
    const { series, missing, failures } = await service.getCandles(query);
    expect({ length: series.length, missing, failures }).toEqual({
      length: 10,
      missing: [],
      failures: [],
    });
  });

  it('is asked for at once after invalidate', async () => {
    const desk = await openDesk();
    const { exchange, service } = desk;
    spoil(desk, [-5]);
    const query = { ...KEY, from: minutes(-10), to: minutes(0) };
    await service.getCandles(query);
    exchange.interfere = () => undefined;
    await service.getCandles(query);
    exchange.takeIntervals();
    await service.invalidate({ symbol: KEY.symbol, timeframe: KEY.timeframe });
    expect(await service.getCandles(query)).toMatchObject({ missing: [], failures: [] });
    expect(exchange.takeIntervals()).toEqual([[minutes(-5), minutes(-4)]]);
  });

  it('ends neither a search for earlier candles nor a longer read', async () => {
    const desk = await openDesk({ fetching: { maxPeriodsPerFetch: 10 } });
    const { service } = desk;
    spoil(desk, [-3, -25]);
    expect((await service.getCandles({ ...KEY, limit: 50, to: minutes(0) })).series.length).toBe(
      50,
    );
    const { series, missing } = await service.getCandles({
      ...KEY,
      from: minutes(-100),
      to: minutes(0),
    });
    expect(series.length).toBe(98);
    expect(missing).toEqual([period(-25), period(-3)]);
  });

  it('of a period that somebody saves meanwhile is forgotten', async () => {
    const desk = await openDesk();
    const { service, exchange } = desk;
    spoil(desk, [-5]);
    const query = { ...KEY, from: minutes(-10), to: minutes(0) };
    await service.getCandles(query);
    const candles = exchange.candles(KEY, minutes(-5), minutes(-4));
    await service.saveCandles(KEY, candles, { covers: period(-5) });
    expect(await service.getCandles(query)).toMatchObject({ missing: [], failures: [] });
  });
});

describe('a bad candle', () => {
  it.each([
    ['that is none', () => null],
    ['in microseconds', (one: Candle) => ({ ...one, timestamp: one.timestamp * 1_000 })],
    ['in seconds', (one: Candle) => ({ ...one, timestamp: one.timestamp / 1_000 })],
    ['of another time', (one: Candle) => ({ ...one, timestamp: one.timestamp - 3_600_000_001 })],
  ])('%s may be of any period without one', async (_, change) => {
    const desk = await openDesk({ exchange: { trades: (i) => i % 2 === 0 } });
    const { service, exchange, storage } = desk;
    spoil(desk, [-4], change);
    const query = { ...KEY, from: minutes(-10), to: minutes(0) };
    const { series, missing, failures } = await service.getCandles(query);
    const given = exchange.candles(KEY, query.from, query.to);
    expect(series.toArray()).toEqual(given.filter((one) => one.timestamp !== minutes(-4)));
    const without = [-9, -7, -5, -4, -3, -1].map(period);
    expect(missing.flatMap(({ from, to }) => (to - from) / MINUTE).reduce((a, b) => a + b)).toBe(6);
    for (const one of without) expect(await storage.coverage.missing(KEY, one)).toEqual([one]);
    expect(failures).toMatchObject([{ interval: { from: query.from, to: query.to } }]);
  });

  it('whose time lies within a period spoils that one', async () => {
    const desk = await openDesk();
    spoil(desk, [-4], (one) => ({ ...one, timestamp: one.timestamp + 1 }));
    const { missing, failures } = await desk.service.getCandles({
      ...KEY,
      from: minutes(-10),
      to: minutes(0),
    });
    expect(missing).toEqual([period(-4)]);
    expect(failures).toMatchObject([{ error: { details: { timestamp: minutes(-4) + 1 } } }]);
  });

  it('beside the request is told, and spoils nothing of it', async () => {
    const desk = await openDesk();
    const { exchange, service } = desk;
    const told = failuresOf(desk);
    exchange.interfere = (request) => {
      const [beside] = exchange.candles(request, minutes(-20), minutes(-19));
      const candles = exchange.candles(request, request.from, request.to);
      return { candles: [{ ...beside, volume: -1 } as Candle, ...candles] };
    };
    const query = { ...KEY, from: minutes(-10), to: minutes(0) };
    expect(await service.getCandles(query)).toMatchObject({ missing: [], failures: [] });
    expect(told).toMatchObject([{ error: { details: { timestamp: minutes(-20) } } }]);
  });

  it('of a series of columns counts as well', async () => {
    const desk = await openDesk();
    const { exchange, service } = desk;
    exchange.interfere = (request) => {
      const candles = exchange.candles(request, request.from, request.to);
      const columns = CandleSeries.from(KEY, candles).copy();
      columns.volume[3] = -1;
      return { candles: columns };
    };
    const query = { ...KEY, from: minutes(-10), to: minutes(0) };
    expect(await service.getCandles(query)).toMatchObject({ missing: [period(-7)] });
  });
});

describe('a source whose candles are all bad', () => {
  it('is not asked for more of them, and left alone for a while', async () => {
    const desk = await openDesk({ fetching: { maxPeriodsPerFetch: 100, maxConcurrentFetches: 1 } });
    const { exchange, service } = desk;
    const told = failuresOf(desk);
    exchange.interfere = (request) => ({
      candles: exchange
        .candles(request, request.from, request.to)
        .map((one) => ({ ...one, high: -1 })),
    });
    const query = { ...KEY, ...range };
    const { series, missing, failures } = await service.getCandles(query);
    expect(series.length).toBe(0);
    expect(missing).toEqual([range]);
    expect(exchange.takeIntervals()).toHaveLength(1);
    expect(failures.length).toBeGreaterThan(1);
    expect(told.length).toBeLessThanOrEqual(11);
    expect(told.at(-1)?.error.message).toContain('one of 90 more candles');
    await service.getCandles({ ...KEY, from: minutes(-100), to: minutes(0) });
    expect(exchange.takeIntervals()).toEqual([]);
  });
});

describe('a source whose candles are in seconds', () => {
  it('stores nothing, though some of them start a period of 1970', async () => {
    const { exchange, service, storage } = await openDesk();
    exchange.interfere = (request) => ({
      candles: exchange
        .candles(request, request.from, request.to)
        .map((one) => ({ ...one, timestamp: one.timestamp / 1_000 })),
    });
    const { missing, failures } = await service.getCandles({ ...KEY, ...range });
    expect(missing).toEqual([range]);
    expect(failures[0]).toMatchObject({ error: { details: { field: 'timestamp' } } });
    expect(await storage.candles.list()).toEqual([]);
  });

  it('is not taken for one where the request itself is of early 1970', async () => {
    const { exchange, service } = await openDesk();
    const from = Date.UTC(1970, 1, 2);
    for (const periods of [1, 3]) {
      const stretch = { from, to: from + periods * MINUTE };
      const { series } = await service.getCandles({ ...KEY, ...stretch });
      expect(series.toArray()).toEqual(exchange.candles(KEY, stretch.from, stretch.to));
    }
  });
});

describe('candles that a user writes', () => {
  it('are refused together, by field, index and time', async () => {
    const { service, storage, exchange } = await openDesk();
    const candles = exchange.candles(KEY, minutes(-10), minutes(0));
    const bad = candles.with(4, { ...candles[4], volume: -1 } as Candle);
    const details = { field: 'volume', index: 4, timestamp: minutes(-6) };
    const refused = { code: 'INVALID_INPUT', details };
    await expect(service.saveCandles(KEY, bad)).rejects.toMatchObject(refused);
    await expect(storage.candles.write({ key: KEY, candles: bad })).rejects.toMatchObject(refused);
    const trades = [-6, -5].map((at) => ({ timestamp: minutes(at), price: 1, size: at + 5 }));
    await expect(service.appendTrades(KEY.symbol, trades)).rejects.toMatchObject({
      details: { field: 'size', index: 0, timestamp: minutes(-6) },
    });
    expect(await storage.candles.list()).toEqual([]);
    expect(await service.getTrades(KEY.symbol)).toEqual([]);
  });
});
