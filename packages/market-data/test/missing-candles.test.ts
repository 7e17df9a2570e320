import { BarkeepError } from '@barkeep/core';
import { describe, expect, it } from 'vitest';
import { KEY, MINUTE, minutes, openDesk, settle, throughTime } from './fixtures.ts';

describe('what the coordinator is asked for', () => {
  it('is exactly the missing stretches of a range', async () => {
    const { exchange, service } = await openDesk();
    await service.getCandles({ ...KEY, from: minutes(-60), to: minutes(-40) });
    await service.getCandles({ ...KEY, from: minutes(-20), to: minutes(-10) });
    expect(exchange.takeIntervals()).toEqual([
      [minutes(-60), minutes(-40)],
      [minutes(-20), minutes(-10)],
    ]);

    const { series, missing } = await service.getCandles({
      ...KEY,
      from: minutes(-70),
      to: minutes(-5),
    });
    expect(exchange.takeIntervals()).toEqual([
      [minutes(-10), minutes(-5)],
      [minutes(-40), minutes(-20)],
      [minutes(-70), minutes(-60)],
    ]);
    expect(series.toArray()).toEqual(exchange.candles(KEY, minutes(-70), minutes(-5)));
    expect(missing).toEqual([]);

    await service.getCandles({ ...KEY, from: minutes(-70), to: minutes(-5) });
    expect(exchange.takeIntervals()).toEqual([]);
  });

  it('is the latest periods for a limit, the current one included, and then only what is new', async () => {
    const { clock, exchange, service } = await openDesk();
    const first = await service.getCandles({ ...KEY, limit: 100 });
    expect(exchange.takeIntervals()).toEqual([[minutes(-99), minutes(1)]]);
    expect(first.series.length).toBe(100);
    expect(first.lastMayChange).toBe(true);
    expect(first.missing).toEqual([]);
    expect(first.origins).toEqual({ cache: 0, router: 0, disk: 0, storage: 0, coordinator: 100 });

    const again = await service.getCandles({ ...KEY, limit: 100 });
    expect(exchange.takeIntervals()).toEqual([]);
    expect(again.series.equals(first.series)).toBe(true);
    expect(again.origins).toEqual({ cache: 100, router: 0, disk: 0, storage: 0, coordinator: 0 });

    clock.advance(3 * MINUTE);
    const later = await service.getCandles({ ...KEY, limit: 100 });
    expect(exchange.takeIntervals()).toEqual([[minutes(0), minutes(4)]]);
    expect(later.series.lastTimestamp).toBe(minutes(3));
    expect(later.series.length).toBe(100);
  });

  it('never is the future', async () => {
    const { exchange, service } = await openDesk();
    await service.getCandles({ ...KEY, from: minutes(-2), to: minutes(1_000) });
    await service.getCandles({ ...KEY, from: minutes(5), to: minutes(10) });
    expect(exchange.takeIntervals()).toEqual([[minutes(-2), minutes(1)]]);
  });

  it('is asked for once by all who want it at the same time', async () => {
    const { exchange, service } = await openDesk();
    const query = { ...KEY, from: minutes(-60), to: minutes(-30) };
    const answers = await Promise.all(Array.from({ length: 100 }, () => service.getCandles(query)));
    expect(exchange.takeIntervals()).toEqual([[minutes(-60), minutes(-30)]]);
    for (const { series } of answers) expect(series.length).toBe(30);
  });

  it('is only the rest when a part is being fetched already', async () => {
    const { exchange, service } = await openDesk();
    const gate = Promise.withResolvers<undefined>();
    exchange.interfere = () => gate.promise;
    const one = service.getCandles({ ...KEY, from: minutes(-60), to: minutes(-30) });
    await settle();
    const two = service.getCandles({ ...KEY, from: minutes(-45), to: minutes(-10) });
    await settle();
    expect(exchange.takeIntervals()).toEqual([
      [minutes(-60), minutes(-30)],
      [minutes(-30), minutes(-10)],
    ]);
    gate.resolve(undefined);
    expect((await one).series.length).toBe(30);
    expect((await two).series.length).toBe(35);
    expect(exchange.takeIntervals()).toEqual([]);
  });

  it('comes in requests of bounded size, a few at a time, the latest first', async () => {
    const { exchange, service } = await openDesk({
      fetching: { maxPeriodsPerFetch: 10, maxConcurrentFetches: 2 },
    });
    let running = 0;
    let most = 0;
    exchange.interfere = async () => {
      running += 1;
      most = Math.max(most, running);
      await settle();
      running -= 1;
      return undefined;
    };
    const { series } = await service.getCandles({ ...KEY, from: minutes(-35), to: minutes(0) });
    expect(series.length).toBe(35);
    expect(most).toBe(2);
    expect(exchange.takeIntervals()).toEqual([
      [minutes(-10), minutes(0)],
      [minutes(-20), minutes(-10)],
      [minutes(-30), minutes(-20)],
      [minutes(-35), minutes(-30)],
    ]);
  });
});

describe('times in seconds', () => {
  const seconds = Math.floor(minutes(-60) / 1_000) + 7;
  const range = { from: seconds, to: seconds + 3_600 };

  it('are refused before anything is fetched, stored or dropped', async () => {
    const { exchange, service, storage } = await openDesk();
    const [candle] = exchange.candles(KEY, minutes(-5), minutes(-4));
    const candles = candle === undefined ? [] : [candle];
    const refused = {
      code: 'INVALID_INPUT',
      details: { field: 'from', rule: expect.stringContaining('epoch seconds'), value: seconds },
    };
    for (const call of [
      () => service.getCandles({ ...KEY, from: seconds }),
      () => service.getCandlesBatch([{ ...KEY, ...range }]),
      () => service.preload([{ ...KEY, ...range, limit: 5 }]),
      () => service.describeSeries(KEY, range),
      () => service.invalidate({ symbol: KEY.symbol, range }),
      () => service.saveCandles(KEY, candles, { covers: range }),
    ]) {
      await expect(call()).rejects.toMatchObject(refused);
    }
    expect(exchange.requests).toEqual([]);
    expect(await storage.candles.list()).toEqual([]);
  });
});

describe('symbols', () => {
  const longest = 'x'.repeat(512);

  it.each([
    'BTC_USDT',
    'BTC%',
    'BTC:PERP',
    '1000*',
    '비트코인',
    'series/#',
    longest,
    `${longest.slice(1)}y`,
  ])('may be %s', async (symbol) => {
    const { exchange, service } = await openDesk({
      exchange: { listedAt: minutes(-5) / MINUTE, tellsStart: true },
    });
    const key = { ...KEY, symbol };
    const { series } = await service.getCandles({ ...key, limit: 100 });
    expect(series.toArray()).toEqual(exchange.candles(key, minutes(-5), minutes(1)));
    expect((await service.describeSeries(key)).historyStart).toBe(minutes(-5));
  });
});

describe('the current period', () => {
  it('is stored and returned, but never covered', async () => {
    const { clock, exchange, service, storage } = await openDesk();
    const { series, coverage } = await service.getCandles({
      ...KEY,
      from: minutes(-2),
      to: minutes(1),
    });
    expect(series.length).toBe(3);
    expect(coverage).toMatchObject([{ from: minutes(-2), to: minutes(0), source: 'fake' }]);
    expect(await storage.coverage.missing(KEY, { from: minutes(-2), to: minutes(1) })).toEqual([
      { from: minutes(0), to: minutes(1) },
    ]);

    clock.advance(MINUTE);
    exchange.takeIntervals();
    const final = await service.getCandles({ ...KEY, from: minutes(-2), to: minutes(1) });
    expect(exchange.takeIntervals()).toEqual([[minutes(0), minutes(1)]]);
    expect(final.series.at(-1)).toEqual(exchange.candles(KEY, minutes(0), minutes(1))[0]);
    expect(final.lastMayChange).toBe(false);
  });

  it('counts as ended only after the grace', async () => {
    const { clock, exchange, service } = await openDesk({ fetching: { closeGraceMs: 5_000 } });
    clock.advanceTo(minutes(1) + 4_999);
    const early = await service.getCandles({ ...KEY, from: minutes(0), to: minutes(1) });
    expect(early).toMatchObject({ lastMayChange: true, missing: [] });
    clock.advance(1);
    const late = await service.getCandles({ ...KEY, from: minutes(0), to: minutes(1) });
    expect(late).toMatchObject({ lastMayChange: false, missing: [] });
    expect(exchange.requests.length).toBe(2);
  });

  it.each([
    ['everything', {}],
    [
      'a range up to the end of the current period',
      { range: { from: minutes(-5), to: minutes(1) } },
    ],
  ])('is not postponed by an invalidation of %s', async (_, selector) => {
    const { clock, exchange, service } = await openDesk({ fetching: { currentMaxAgeMs: 5_000 } });
    await service.getCandles({ ...KEY, limit: 5 });
    clock.advance(4_900);
    await service.invalidate(selector);
    clock.advance(100);
    const calls = exchange.requests.length;
    await service.getCandles({ ...KEY, limit: 5 });
    expect(exchange.requests.length).toBeGreaterThan(calls);
  });

  it('is asked for again when it was last seen too long ago', async () => {
    const { clock, exchange, service } = await openDesk({ fetching: { currentMaxAgeMs: 5_000 } });
    await service.getCandles({ ...KEY, limit: 2 });
    exchange.takeIntervals();
    clock.advance(4_999);
    await service.getCandles({ ...KEY, limit: 2 });
    expect(exchange.takeIntervals()).toEqual([]);
    clock.advance(1);
    await service.getCandles({ ...KEY, limit: 2 });
    expect(exchange.takeIntervals()).toEqual([[minutes(0), minutes(1)]]);
  });

  it('is not asked for again at once when it has no candle yet', async () => {
    const quiet = minutes(0) / MINUTE;
    const { exchange, service } = await openDesk({ exchange: { trades: (it) => it !== quiet } });
    const { series, lastMayChange } = await service.getCandles({
      ...KEY,
      limit: 2,
      to: minutes(1),
    });
    expect(series.lastTimestamp).toBe(minutes(-1));
    expect(lastMayChange).toBe(false);
    exchange.takeIntervals();
    await service.getCandles({ ...KEY, from: minutes(-2) });
    expect(exchange.takeIntervals()).toEqual([]);
  });

  it('is asked for as soon as it is another one', async () => {
    const { clock, exchange, service } = await openDesk();
    clock.advanceTo(minutes(1) - 5_000);
    await service.getCandles({ ...KEY, limit: 2 });
    exchange.takeIntervals();
    clock.advanceTo(minutes(1) + 3_000);
    await service.getCandles({ ...KEY, limit: 2 });
    expect(exchange.takeIntervals()).toEqual([[minutes(0), minutes(2)]]);
  });

  it('is not asked for while it is being written by others', async () => {
    const { clock, exchange, service } = await openDesk();
    await service.getCandles({ ...KEY, limit: 2 });
    exchange.takeIntervals();
    clock.advance(9_000);
    await service.saveCandles(KEY, exchange.candles(KEY, minutes(0), minutes(1)));
    clock.advance(9_000);
    await service.getCandles({ ...KEY, limit: 2 });
    expect(exchange.takeIntervals()).toEqual([]);
  });
});

describe('failures', () => {
  it('are reported, not remembered, and healed by the next read', async () => {
    const { exchange, service, storage } = await openDesk();
    exchange.interfere = () => {
      throw new Error('no route to host');
    };
    const range = { from: minutes(-10), to: minutes(-5) };
    const failed = await service.getCandles({ ...KEY, ...range });
    expect(failed.series.length).toBe(0);
    expect(failed.missing).toEqual([range]);
    expect(failed.failures).toMatchObject([
      { interval: range, attempts: 1, error: { code: 'SOURCE_FAILED', retryable: false } },
    ]);
    expect((await service.describeSeries(KEY)).lastError).toMatchObject({
      code: 'SOURCE_FAILED',
      interval: range,
    });
    expect(await storage.metadata.keys()).toHaveLength(1);

    exchange.interfere = () => undefined;
    const healed = await service.getCandles({ ...KEY, ...range });
    expect(healed).toMatchObject({ missing: [], failures: [] });
    expect(healed.series.length).toBe(5);
    expect((await service.describeSeries(KEY)).lastError).toBeUndefined();
  });

  it('that are retryable are tried again, with waits that grow, up to a bound', async () => {
    const { clock, exchange, service } = await openDesk({
      fetching: { retry: { maxAttempts: 3, baseDelayMs: 1_000 }, random: () => 1 },
    });
    const tried: number[] = [];
    exchange.interfere = () => {
      tried.push(clock.now());
      throw new BarkeepError('UNAVAILABLE', 'try later', { retryable: true });
    };
    const query = { ...KEY, from: minutes(-10), to: minutes(-5) };
    const failed = await throughTime(clock, service.getCandles(query), 500);
    expect(failed.failures).toMatchObject([{ attempts: 3, error: { code: 'UNAVAILABLE' } }]);
    const [first = 0, second = 0, third = 0] = tried;
    expect([second - first, third - second]).toEqual([1_000, 2_000]);
    expect(clock.pendingTimers).toBeLessThan(5);

    let left = 1;
    exchange.interfere = () => {
      if (left-- > 0) throw new BarkeepError('UNAVAILABLE', 'try later', { retryable: true });
      return undefined;
    };
    const recovered = await throughTime(clock, service.getCandles(query), 500);
    expect(recovered).toMatchObject({ missing: [], failures: [] });
  });

  it('include an invalid candle by its time, and the rest of the answer is stored', async () => {
    const { exchange, service, storage } = await openDesk();
    exchange.interfere = (request) => {
      const [first, ...rest] = exchange.candles(request, request.from, request.to);
      return first === undefined
        ? undefined
        : { candles: [...rest, { ...first, high: Number.NaN }] };
    };
    const { failures } = await service.getCandles({ ...KEY, from: minutes(-10), to: minutes(-5) });
    expect(failures).toMatchObject([
      { error: { code: 'SOURCE_FAILED', details: { field: 'high', timestamp: minutes(-10) } } },
    ]);
    expect((await storage.candles.read(KEY)).length).toBe(4);
    const covered = { from: minutes(-9), to: minutes(-5) };
    expect(await storage.coverage.of(KEY)).toMatchObject([covered]);
  });

  it.each([
    ['nothing', null],
    ['a covers that is no interval', { candles: [], covers: { from: 5, to: 1 } }],
    ['an unknown field', { candles: [], cover: { from: 0, to: 1 } }],
    ['no candles', {}],
  ])('include %s as an answer', async (_name, answer) => {
    const { exchange, service } = await openDesk();
    exchange.fetchCandles = () => Promise.resolve(answer as never);
    const { failures } = await service.getCandles({ ...KEY, from: minutes(-10), to: minutes(-5) });
    expect(failures).toMatchObject([{ error: { code: 'SOURCE_FAILED', retryable: false } }]);
  });

  it('include no answer within the time allowed', async () => {
    const { clock, exchange, service } = await openDesk({
      fetching: { timeoutMs: 5_000, retry: { maxAttempts: 2 } },
    });
    const signals: AbortSignal[] = [];
    exchange.interfere = (_request, signal) => {
      signals.push(signal);
      return new Promise(() => {});
    };
    const query = { ...KEY, from: minutes(-10), to: minutes(-5) };
    const { failures } = await throughTime(clock, service.getCandles(query));
    expect(failures).toMatchObject([{ attempts: 2, error: { code: 'TIMEOUT', retryable: true } }]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('include what is too much to wait for at a time: the latest part is fetched', async () => {
    const { exchange, service } = await openDesk({
      fetching: { maxPeriodsPerFetch: 10, maxConcurrentFetches: 1, maxWaitingFetches: 2 },
    });
    const { failures, missing } = await service.getCandles({ ...KEY, from: 0, to: minutes(0) });
    expect(exchange.requests).toHaveLength(3);
    const rest = { from: 0, to: minutes(-30) };
    expect(missing).toEqual([rest]);
    expect(failures).toMatchObject([
      { interval: rest, attempts: 0, error: { code: 'OVERLOADED', retryable: true } },
    ]);
  });

  it('are thrown to those who want it so', async () => {
    const { exchange, service } = await openDesk();
    exchange.interfere = () => {
      throw new Error('no route to host');
    };
    const range = { from: minutes(-10), to: minutes(-5) };
    await expect(
      service.getCandles({ ...KEY, ...range }, { onMissing: 'throw' }),
    ).rejects.toMatchObject({ code: 'SOURCE_FAILED', details: { missing: [range] } });
  });
});
