import { BarkeepError } from '@barkeep/core';
import { describe, expect, it } from 'vitest';
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

const HOUR = 60 * MINUTE;
const SETTLING = { fetching: { settlingMs: MINUTE } };

/** The machine's clock is ahead of the exchange's, which goes by the true time. */
async function openAheadBy(aheadMs: number, options: DeskOptions = {}): Promise<Desk> {
  const desk = await openDesk(options);
  const { clock, exchange } = desk;
  const trueTime = (): number => clock.monotonic();
  exchange.interfere = (request) => ({
    candles: exchange.candles(request, request.from, request.to, trueTime()),
  });
  clock.setWallTime(trueTime() + aheadMs);
  return desk;
}

describe('a clock that was ahead and is set right', () => {
  it.each([
    ['90 seconds', 90_000, {}],
    ['9 hours', 9 * HOUR, {}],
    ['90 seconds, with settling', 90_000, SETTLING],
    ['9 hours, with settling', 9 * HOUR, SETTLING],
  ])('by %s leaves nothing covered that had not ended', async (_, aheadMs, options) => {
    const { clock, exchange, service, storage } = await openAheadBy(aheadMs, options);
    const query = { ...KEY, from: minutes(-30), to: minutes(-30) + aheadMs + 35 * MINUTE };
    await service.getCandles(query);
    exchange.takeIntervals();

    clock.setWallTime(clock.monotonic());
    const { series, missing } = await service.getCandles(query);
    expect(missing).toEqual([]);
    expect(series.toArray()).toEqual(exchange.candles(KEY, minutes(-30), minutes(1)));
    expect(exchange.takeIntervals()).not.toEqual([]);
    const [entry] = await storage.coverage.of(KEY);
    expect(entry?.to).toBeLessThanOrEqual(minutes(0));

    clock.advanceTo(minutes(5) + 3_000);
    const later = await service.getCandles(query);
    expect(later.missing).toEqual([]);
    expect(later.series.toArray()).toEqual(exchange.candles(KEY, minutes(-30), minutes(6)));
  });

  it('while a request was under way covers nothing that had not ended when it was made', async () => {
    const { clock, exchange, service, storage } = await openAheadBy(9 * HOUR);
    const gate = Promise.withResolvers<undefined>();
    const answer = exchange.interfere;
    exchange.interfere = async (request, signal) => {
      const early = await answer(request, signal);
      await gate.promise;
      return early;
    };
    const reading = service.getCandles({ ...KEY, from: minutes(-10), to: minutes(10 * 60) });
    await settle();
    clock.setWallTime(clock.monotonic());
    clock.advanceTo(minutes(1) + 10_000);
    gate.resolve(undefined);
    await reading;
    expect(await storage.coverage.of(KEY)).toMatchObject([{ from: minutes(-10), to: minutes(0) }]);
  });

  it('is taken back of many deliveries, and of what had ended nothing is', async () => {
    const { clock, exchange, service, storage } = await openAheadBy(90_000);
    await service.getCandles({ ...KEY, from: minutes(-1_000), to: minutes(-100) });
    for (let minute = 0; minute < 40; minute += 1) {
      await service.getCandles({ ...KEY, limit: 5, to: clock.now() + MINUTE });
      clock.advance(MINUTE);
    }
    const now = clock.monotonic();
    clock.setWallTime(now);
    await settle();
    const covered = await storage.coverage.of(KEY);
    expect(covered[0]).toMatchObject({ from: minutes(-1_000), to: minutes(-100) });
    expect(covered.at(-1)?.to).toBeLessThanOrEqual(now);
    const { series } = await service.getCandles({ ...KEY, limit: 40 });
    expect(series.toArray()).toEqual(exchange.candles(KEY, minutes(1), minutes(41)));
  });

  it('is tried again where the storage fails to take it back, and reported', async () => {
    const { clock, service, storage } = await openAheadBy(90_000);
    await service.getCandles({ ...KEY, from: minutes(-10), to: minutes(2) });
    const { remove } = storage.coverage;
    let failures = 2;
    Object.assign(storage, {
      coverage: {
        ...storage.coverage,
        remove: async (...args: Parameters<typeof remove>) => {
          failures -= 1;
          if (failures >= 0) throw new BarkeepError('BUSY', 'locked', { retryable: true });
          return remove(...args);
        },
      },
    });
    clock.setWallTime(clock.monotonic());
    await service.getTicker('X');
    await service.getCandles({ ...KEY, limit: 1 }).catch(() => undefined);
    await service.getCandles({ ...KEY, limit: 1 });
    expect((await service.stats()).coordinator?.lastError).toMatchObject({ code: 'BUSY' });
    expect(await storage.coverage.missing(KEY, { from: minutes(0), to: minutes(2) })).toEqual([
      { from: minutes(0), to: minutes(2) },
    ]);
  });
});

describe('a clock that is set back, or ahead', () => {
  it.each([
    ['back', -20_000],
    ['far back', -9 * HOUR],
    ['ahead', 20_000],
    ['far ahead', 9 * HOUR],
  ])('%s does not keep the current candle from being refreshed', async (_, byMs) => {
    const { clock, exchange, service } = await openDesk();
    const query = { ...KEY, from: minutes(-10 * 60) };
    await service.getCandles(query);
    clock.setWallTime(clock.now() + byMs);
    await service.getCandles(query);
    exchange.takeIntervals();
    for (let second = 0; second < 10; second += 1) {
      await service.getCandles(query);
      clock.advance(1_000);
    }
    expect(exchange.takeIntervals()).toEqual([]);
    await service.getCandles(query);
    expect(exchange.takeIntervals()).toHaveLength(1);
  });

  it.each([
    ['back', -9 * HOUR],
    ['ahead', 9 * HOUR],
  ])('%s changes nothing about the waits of retries and time-outs', async (_, byMs) => {
    const { clock, exchange, service } = await openDesk({
      fetching: { timeoutMs: 5_000, retry: { maxAttempts: 2, baseDelayMs: 2_000 } },
    });
    const tried: number[] = [];
    exchange.interfere = () => {
      tried.push(clock.monotonic());
      return new Promise(() => {});
    };
    const reading = service.getCandles({ ...KEY, from: minutes(-10), to: minutes(-5) });
    await settle();
    clock.setWallTime(clock.now() + byMs);
    const { failures } = await throughTime(clock, reading, 500);
    expect(failures).toMatchObject([{ attempts: 2, error: { code: 'TIMEOUT' } }]);
    const [first = 0, second = 0] = tried;
    expect(second - first).toBeLessThanOrEqual(7_500);
    expect(clock.monotonic() - first).toBeLessThanOrEqual(13_000);
  });

  it('back settles what was provisional no later', async () => {
    const { clock, exchange, service } = await openDesk(SETTLING);
    const query = { ...KEY, from: minutes(-20), to: minutes(-10) };
    await service.getCandles(query);
    await service.getCandles({ ...KEY, from: minutes(-5), to: minutes(0) });
    exchange.takeIntervals();
    clock.setWallTime(minutes(0) + 5_000);
    await service.getCandles({ ...KEY, from: minutes(-5), to: minutes(0) });
    clock.advance(MINUTE);
    const { missing } = await service.getCandles({ ...KEY, from: minutes(-5), to: minutes(0) });
    expect(missing).toEqual([]);
    expect(exchange.takeIntervals().length).toBeGreaterThan(0);
  });

  it('neither silences a failure that repeats, nor has it written down at each read', async () => {
    const { clock, exchange, service, storage } = await openDesk();
    exchange.interfere = () => {
      throw new Error('no route to host');
    };
    const query = { ...KEY, from: minutes(-600), to: minutes(-500) };
    const writes = async (): Promise<number> =>
      (await storage.stats()).operations['metadata.set']?.calls ?? 0;
    await service.getCandles(query);
    expect(await writes()).toBe(1);
    clock.setWallTime(clock.now() - HOUR);
    await service.getCandles(query);
    await service.getCandles(query);
    expect(await writes()).toBe(1);
    clock.advance(MINUTE);
    await service.getCandles(query);
    expect(await writes()).toBe(2);
  });
});
