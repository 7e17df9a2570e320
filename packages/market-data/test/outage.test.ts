import { BarkeepError, type SeriesKey } from '@barkeep/core';
import { createMarketData, type IMarketDataService } from '@barkeep/market-data';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type Desk,
  type DeskOptions,
  KEY,
  MINUTE,
  minutes,
  openDesk,
  settle,
  throughTime,
} from './fixtures.ts';

function keyOf(symbol: string): SeriesKey {
  return { ...KEY, symbol };
}

function down(retryAfterMs?: number): BarkeepError {
  const details = retryAfterMs === undefined ? {} : { retryAfterMs };
  return new BarkeepError('UNAVAILABLE', 'no route to host', { retryable: true, details });
}

/** Nothing but a failure comes from this exchange until it is mended. */
async function openDeadDesk(options: DeskOptions = {}): Promise<Desk & { mend: () => void }> {
  const desk = await openDesk(options);
  desk.exchange.interfere = () => {
    throw down();
  };
  const mend = (): void => {
    desk.exchange.interfere = () => undefined;
  };
  return { ...desk, mend };
}

/** Enough failures in a row for the breaker to open. */
async function breakDown({ clock, service, exchange }: Desk): Promise<void> {
  for (let read = 0; read < 2; read += 1) {
    const query = { ...keyOf(`BREAK-${read}`), from: minutes(-10), to: minutes(0) };
    await throughTime(clock, service.getCandles(query), 100);
  }
  exchange.takeIntervals();
}

describe('an exchange that is down', () => {
  it('ends a search with its first failure', async () => {
    const { clock, service, exchange } = await openDeadDesk();
    const reading = service.getCandles({ ...KEY, limit: 400 });
    const { failures, missing } = await throughTime(clock, reading, 100);
    expect(failures).toHaveLength(1);
    expect(missing).toEqual([{ from: minutes(-399), to: minutes(0) }]);
    expect(exchange.takeIntervals().length).toBeLessThanOrEqual(4);
  });

  it('ends a read of many requests, too: what came is kept, and nothing more is asked for', async () => {
    const { service, exchange } = await openDesk({ fetching: { maxPeriodsPerFetch: 10 } });
    exchange.interfere = ({ to }) => {
      if (to === minutes(-50)) throw new Error('no route to host');
      return undefined;
    };
    const query = { ...KEY, from: minutes(-1_000), to: minutes(0) };
    const { series, missing, failures } = await service.getCandles(query);
    expect(exchange.requests.length).toBeLessThan(12);
    expect(series.length).toBeGreaterThanOrEqual(50);
    expect(missing.at(-1)).toEqual({ from: expect.any(Number), to: minutes(-50) });
    expect(failures.map(({ attempts }) => attempts)).toEqual([1, 0]);
    const [tried, rest] = failures.map(({ interval }) => interval);
    expect(tried).toEqual({ from: minutes(-60), to: minutes(-50) });
    expect(rest).toEqual(missing[0]);
  });

  it('costs twenty new symbols a handful of calls', async () => {
    const { clock, service, exchange } = await openDeadDesk();
    const reads = Array.from({ length: 20 }, (_, i) => {
      return service.getCandles({ ...keyOf(`S${i}`), limit: 50 });
    });
    const answers = await throughTime(clock, Promise.all(reads), 100);
    expect(exchange.requests.length).toBeLessThanOrEqual(10);
    expect(clock.now() - minutes(0.5)).toBeLessThan(10_000);
    for (const { missing, failures } of answers) {
      expect(missing).toEqual([{ from: minutes(-49), to: minutes(0) }]);
      expect(failures).toMatchObject([{ error: { retryable: true } }]);
    }
  });

  it('is left alone: reads are answered at once from what there is, and say what is missing', async () => {
    const desk = await openDeadDesk();
    const { service, exchange, mend } = desk;
    mend();
    await service.getCandles({ ...KEY, from: minutes(-20), to: minutes(-10) });
    exchange.interfere = () => {
      throw down();
    };
    await breakDown(desk);
    const { series, missing, failures } = await service.getCandles({
      ...KEY,
      from: minutes(-30),
      to: minutes(-10),
    });
    expect(series.length).toBe(10);
    expect(missing).toEqual([{ from: minutes(-30), to: minutes(-20) }]);
    expect(failures).toMatchObject([
      {
        attempts: 0,
        error: { code: 'SOURCE_FAILED', retryable: true, cause: { message: 'no route to host' } },
      },
    ]);
    expect(failures[0]?.error.details).toEqual({ retryAfterMs: expect.any(Number) });
    expect(exchange.takeIntervals()).toEqual([]);
    const { coordinator } = await service.stats();
    expect(coordinator?.breaker).toMatchObject({ state: 'open', failures: 5 });
    expect(coordinator?.lastError).toMatchObject({
      message: 'no route to host',
      code: 'UNAVAILABLE',
    });
  });

  it('is tried by one probe after each pause, which grows, and is back with the first success', async () => {
    const desk = await openDeadDesk();
    const { clock, service, exchange, mend } = desk;
    await breakDown(desk);
    const readMany = (round: number): Promise<unknown> =>
      Promise.all(
        Array.from({ length: 10 }, (_, i) => {
          const query = { ...keyOf(`R${round}-${i}`), from: minutes(-10), to: minutes(0) };
          return service.getCandles(query);
        }),
      );
    for (const [round, pauseMs] of [1_000, 2_000, 4_000].entries()) {
      clock.advance(pauseMs - 1);
      await readMany(round);
      expect(exchange.takeIntervals()).toEqual([]);
      clock.advance(1);
      expect((await service.stats()).coordinator?.breaker.state).toBe('half-open');
      await readMany(round);
      expect(exchange.takeIntervals()).toHaveLength(1);
    }
    clock.advance(10 * MINUTE);
    await readMany(3);
    expect(exchange.takeIntervals()).toHaveLength(1);
    mend();
    clock.advance(MINUTE);
    await service.getCandles({ ...keyOf('FIRST'), from: minutes(-10), to: minutes(0) });
    expect((await service.stats()).coordinator?.breaker).toEqual({
      state: 'closed',
      failures: 0,
      retryInMs: 0,
      openMs: 0,
    });
    await readMany(4);
    expect(exchange.takeIntervals()).toHaveLength(11);
  });

  it('may be down for a moment: a long read survives that', async () => {
    const { clock, service, exchange } = await openDesk({ fetching: { maxPeriodsPerFetch: 10 } });
    let calls = 0;
    let failures = 0;
    exchange.interfere = async () => {
      calls += 1;
      await settle();
      if (calls >= 9 && failures < 6) {
        failures += 1;
        throw down();
      }
      return undefined;
    };
    const reading = service.getCandles({ ...KEY, from: minutes(-500), to: minutes(0) });
    const answer = await throughTime(clock, reading, 100);
    expect(failures).toBeGreaterThanOrEqual(4);
    expect(answer).toMatchObject({ missing: [], failures: [] });
    expect(answer.series.length).toBe(500);
  });

  it('that answers what it cannot do is not down', async () => {
    const { service, exchange } = await openDesk();
    exchange.interfere = ({ symbol }) => {
      if (symbol.startsWith('UNKNOWN')) throw new BarkeepError('SOURCE_FAILED', 'no such market');
      return undefined;
    };
    for (let i = 0; i < 10; i += 1) {
      await service.getCandles({ ...keyOf(`UNKNOWN-${i}`), from: minutes(-10), to: minutes(0) });
    }
    const query = { ...keyOf('KNOWN'), from: minutes(-10), to: minutes(0) };
    expect(await service.getCandles(query)).toMatchObject({ missing: [], failures: [] });
  });

  it('is another matter than a storage that is', async () => {
    const { clock, service, storage, exchange } = await openDesk();
    const { write } = storage.candles;
    let writes = 0;
    Object.assign(storage, {
      candles: {
        ...storage.candles,
        write: async (...args: Parameters<typeof write>) => {
          writes += 1;
          if (writes <= 3) throw new BarkeepError('BUSY', 'locked', { retryable: true });
          return write(...args);
        },
      },
    });
    const reading = service.getCandles({ ...KEY, from: minutes(-10), to: minutes(0) });
    const answer = await throughTime(clock, reading, 100);
    expect(answer).toMatchObject({ missing: [], failures: [] });
    expect(exchange.requests).toHaveLength(1);
    expect((await service.stats()).coordinator?.breaker.failures).toBe(0);
  });

  it('that only hangs holds up nobody but those who want the same', async () => {
    const { clock, service, exchange } = await openDesk({ fetching: { timeoutMs: 5_000 } });
    exchange.interfere = ({ symbol }) =>
      symbol === 'HUGE' ? new Promise(() => {}) : Promise.resolve(undefined);
    const huge = service.getCandles({ ...keyOf('HUGE'), from: minutes(-10), to: minutes(0) });
    await settle();
    clock.advance(5_000);
    await settle();
    clock.advance(1_000);
    await settle();
    const query = { ...keyOf('SMALL'), from: minutes(-10), to: minutes(0) };
    expect(await service.getCandles(query)).toMatchObject({ missing: [], failures: [] });
    expect((await throughTime(clock, huge, 500)).failures).toMatchObject([
      { attempts: 4, error: { code: 'TIMEOUT' } },
    ]);
  });
});

describe('an exchange that wants to be left alone', () => {
  it('for longer than reads wait is called by nobody until then', async () => {
    const desk = await openDesk();
    const { clock, service, exchange } = desk;
    exchange.interfere = () => {
      throw down(60_000);
    };
    const read = (symbol: string) =>
      service.getCandles({ ...keyOf(symbol), from: minutes(-10), to: minutes(0) });
    const first = await read('A');
    expect(first.failures).toMatchObject([{ attempts: 1, error: { code: 'UNAVAILABLE' } }]);
    exchange.interfere = () => undefined;
    for (let second = 0; second < 60; second += 1) {
      const { missing, failures } = await read(second % 2 === 0 ? 'A' : `B${second}`);
      expect(missing).toEqual([{ from: minutes(-10), to: minutes(0) }]);
      expect(failures[0]?.error).toMatchObject({
        code: 'SOURCE_FAILED',
        retryable: true,
        details: { retryAfterMs: 60_000 - 1_000 * second },
      });
      clock.advance(1_000);
    }
    expect(exchange.requests).toHaveLength(1);
    expect(await read('A')).toMatchObject({ missing: [], failures: [] });
  });

  it('for a moment is waited for by all, those who come meanwhile included', async () => {
    const { clock, service, exchange } = await openDesk();
    let refusals = 1;
    const calledAt: number[] = [];
    exchange.interfere = () => {
      calledAt.push(clock.now());
      if (refusals-- > 0) throw down(2_000);
      return undefined;
    };
    const read = (symbol: string) =>
      service.getCandles({ ...keyOf(symbol), from: minutes(-10), to: minutes(0) });
    const first = read('A');
    await settle();
    const others = [read('B'), read('C')];
    const answers = await throughTime(clock, Promise.all([first, ...others]), 100);
    expect(answers.flatMap(({ missing, failures }) => [...missing, ...failures])).toEqual([]);
    const [refusedAt = 0, ...later] = calledAt;
    expect(later).toHaveLength(3);
    for (const at of later) expect(at - refusedAt).toBeGreaterThanOrEqual(2_000);
  });

  it('is so by every service that uses it', async () => {
    const { clock, service, exchange } = await openDesk();
    const other = await createMarketData({ storage: 'memory:', clock, coordinator: exchange });
    onTestFinished(() => other.close());
    exchange.interfere = () => {
      throw down(60_000);
    };
    const query = { ...KEY, from: minutes(-10), to: minutes(0) };
    await service.getCandles(query);
    const { failures } = await other.getCandles(query);
    expect(failures).toMatchObject([{ attempts: 0, error: { code: 'SOURCE_FAILED' } }]);
    expect(exchange.requests).toHaveLength(1);
  });

  it('cannot want it for ever', async () => {
    const { clock, service, exchange } = await openDesk();
    exchange.interfere = () => {
      throw down(Date.UTC(2026, 0, 2));
    };
    const query = { ...KEY, from: minutes(-10), to: minutes(0) };
    await service.getCandles(query);
    exchange.interfere = () => undefined;
    clock.advance(86_400_000);
    expect(await service.getCandles(query)).toMatchObject({ missing: [] });
  });
});

describe('what a read with a limit misses', () => {
  async function readAll(service: IMarketDataService, key: SeriesKey) {
    const limited = await service.getCandles({ ...key, limit: 400 });
    const bounded = await service.getCandles({ ...key, limit: 400, to: minutes(-10) });
    const whole = await service.getCandles({ ...key, from: minutes(-399), to: minutes(1) });
    return { limited, bounded, whole };
  }

  it('because the source fails is missing, as it is without a limit', async () => {
    const { service, exchange } = await openDesk({ fetching: { retry: { maxAttempts: 1 } } });
    await service.getCandles({ ...KEY, limit: 200 });
    exchange.interfere = () => {
      throw new Error('no route to host');
    };
    const { limited, bounded, whole } = await readAll(service, KEY);
    const missing = [{ from: minutes(-399), to: minutes(-199) }];
    expect(limited).toMatchObject({ missing, range: { from: minutes(-399), to: minutes(1) } });
    expect(limited.series.length).toBe(200);
    expect(whole.missing).toEqual(missing);
    expect(bounded.missing).toEqual([{ from: minutes(-410), to: minutes(-199) }]);
    for (const { failures } of [limited, bounded, whole]) expect(failures).not.toEqual([]);
    await expect(
      service.getCandles({ ...KEY, limit: 400 }, { onMissing: 'throw' }),
    ).rejects.toMatchObject({ code: 'SOURCE_FAILED', details: { missing } });
  });

  it('of a new series is all of it', async () => {
    const { service, exchange } = await openDesk();
    exchange.interfere = () => {
      throw new Error('no route to host');
    };
    const { limited, bounded, whole } = await readAll(service, keyOf('NEW'));
    expect(limited).toMatchObject({
      range: { from: minutes(-399), to: minutes(1) },
      missing: [{ from: minutes(-399), to: minutes(0) }],
    });
    expect(bounded.missing).toEqual([{ from: minutes(-410), to: minutes(-10) }]);
    expect(whole.missing).toEqual([{ from: minutes(-399), to: minutes(0) }]);
  });

  it('because the source covers only a part is missing, too', async () => {
    const { service, exchange } = await openDesk();
    exchange.interfere = (request) => {
      const covers = { from: Math.max(request.from, minutes(-50)), to: request.to };
      if (covers.from >= covers.to) return { candles: [], covers: [] };
      return { candles: exchange.candles(request, covers.from, covers.to), covers };
    };
    const { series, missing } = await service.getCandles({ ...KEY, limit: 100 });
    expect(series.length).toBe(51);
    expect(missing.at(-1)?.to).toBe(minutes(-50));
    expect(missing[0]?.from).toBeLessThanOrEqual(minutes(-99));
  });

  it('because a later round of its search fails is what that round wanted', async () => {
    const { service, exchange } = await openDesk({ exchange: { trades: (it) => it % 10 === 0 } });
    exchange.interfere = ({ from }) => {
      if (from < minutes(-39)) throw new Error('no route to host');
      return undefined;
    };
    const { series, missing } = await service.getCandles({ ...KEY, limit: 20 });
    expect(series.length).toBe(4);
    expect(missing).toEqual([{ from: minutes(-79), to: minutes(-39) }]);
  });
});

describe('a search that found nothing', () => {
  const friday = minutes(-3 * 1_440);
  const quiet = { exchange: { trades: (it: number) => it * MINUTE < friday } };

  it('is no reason for one that goes further not to be made', async () => {
    const { service, exchange } = await openDesk(quiet);
    expect((await service.getCandles({ ...KEY, limit: 10 })).series.length).toBe(0);
    exchange.takeIntervals();
    await service.getCandles({ ...KEY, limit: 10 });
    expect(exchange.takeIntervals()).toEqual([]);
    const { series, missing } = await service.getCandles({ ...KEY, limit: 1_000 });
    expect(series.length).toBe(1_000);
    expect(missing).toEqual([]);
  });

  it('asks for no period again, and goes as far as it would have by itself', async () => {
    const { service, exchange } = await openDesk({ exchange: { trades: () => false } });
    await service.getCandles({ ...KEY, limit: 10 });
    const searched = exchange.takeIntervals();
    expect(searched.at(-1)?.[0]).toBe(minutes(-159));
    await service.getCandles({ ...KEY, limit: 20 });
    const further = exchange.takeIntervals();
    expect(further.every(([, to]) => to <= minutes(-159))).toBe(true);
    expect(further.at(-1)?.[0]).toBe(minutes(-319));
    await service.getCandles({ ...KEY, limit: 20 });
    await service.getCandles({ ...KEY, limit: 5 });
    expect(exchange.takeIntervals()).toEqual([]);
  });

  it('is forgotten when an earlier candle shows up, or after an hour', async () => {
    const { clock, service, exchange } = await openDesk({ exchange: { trades: () => false } });
    await service.getCandles({ ...KEY, limit: 10 });
    exchange.takeIntervals();
    const [candle] = (await openDesk()).exchange.candles(KEY, minutes(-165), minutes(-164));
    await service.saveCandles(KEY, candle === undefined ? [] : [candle]);
    await service.getCandles({ ...KEY, limit: 10 });
    expect(exchange.takeIntervals().length).toBeGreaterThan(0);
    await service.getCandles({ ...KEY, limit: 10 });
    expect(exchange.takeIntervals()).toEqual([]);
    clock.advance(3_600_000);
    await service.getCandles({ ...KEY, limit: 10 });
    expect(exchange.takeIntervals().some(([, to]) => to <= minutes(-159))).toBe(true);
  });
});
