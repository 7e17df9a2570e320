import { ManualClock, type SeriesKey } from '@barkeep/core';
import { createMarketData } from '@barkeep/market-data';
import { MemoryRealtime } from '@barkeep/realtime-memory';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FakeExchange } from './fake-exchange.ts';
import { type Desk, type DeskOptions, KEY, MINUTE, minutes, openDesk } from './fixtures.ts';

/** As by default: what was delivered settles for a minute. */
function openSettlingDesk({ fetching, ...options }: DeskOptions = {}): Promise<Desk> {
  return openDesk({ ...options, fetching: { settlingMs: MINUTE, ...fetching } });
}

describe('a period that has only just ended', () => {
  it.each([5_000, 45_000])(
    'is asked for once more when it has settled: an exchange %i ms behind is right in the end',
    async (behindMs) => {
      const { clock, exchange, service } = await openSettlingDesk({ exchange: { behindMs } });
      clock.advanceTo(minutes(1) + 3_000);
      const query = { ...KEY, from: minutes(0), to: minutes(1) };
      const early = await service.getCandles(query);
      expect(early).toMatchObject({ missing: [], coverage: [], lastMayChange: true });
      expect(exchange.takeIntervals()).toHaveLength(1);

      clock.advanceTo(minutes(2) - 1);
      expect(await service.getCandles(query)).toMatchObject({ missing: [], lastMayChange: true });
      expect(exchange.takeIntervals()).toEqual([]);

      clock.advanceTo(minutes(2));
      const final = await service.getCandles(query);
      expect(exchange.takeIntervals()).toEqual([[minutes(0), minutes(1)]]);
      expect(final).toMatchObject({ missing: [], lastMayChange: false });
      expect(final.series.toArray()).toEqual(exchange.candles(KEY, minutes(0), minutes(1)));

      clock.advance(60 * MINUTE);
      await service.getCandles(query);
      expect(exchange.takeIntervals()).toEqual([]);
    },
  );

  it('is missing while an exchange far behind says that it has not come so far', async () => {
    const { clock, exchange, service } = await openSettlingDesk({
      exchange: { behindMs: 5 * MINUTE, tellsTime: true },
    });
    const query = { ...KEY, from: minutes(0), to: minutes(1) };
    clock.advanceTo(minutes(3));
    expect(await service.getCandles(query)).toMatchObject({ missing: [{ from: minutes(0) }] });
    clock.advanceTo(minutes(6) + 3_000);
    expect(await service.getCandles(query)).toMatchObject({ missing: [], lastMayChange: true });
    clock.advanceTo(minutes(7) + 3_000);
    const final = await service.getCandles(query);
    expect(final).toMatchObject({ missing: [], lastMayChange: false });
    expect(final.series.toArray()).toEqual(exchange.candles(KEY, minutes(0), minutes(1)));
  });

  it('is not covered by what is older than it, whatever the delivery claims', async () => {
    const { clock, exchange, service, storage } = await openSettlingDesk();
    exchange.interfere = (request) => ({
      ...exchange.deliver(request),
      asOf: clock.now() - 10 * MINUTE,
    });
    const range = { from: minutes(-30), to: minutes(0) };
    const { missing } = await service.getCandles({ ...KEY, ...range });
    // What ended a minute before the answer is final, what ended sooner before it is not, and the rest is later.
    expect(missing).toEqual([{ from: minutes(-10), to: minutes(0) }]);
    expect(await storage.coverage.missing(KEY, range)).toEqual([
      { from: minutes(-11), to: minutes(0) },
    ]);
  });

  it('is missing once it has settled, where nobody asks again', async () => {
    const { clock, service } = await openSettlingDesk();
    const query = { ...KEY, from: minutes(-5), to: minutes(0) };
    await service.getCandles(query);
    const report = (): Promise<unknown> => service.getCandles(query, { fetchMissing: false });
    expect(await report()).toMatchObject({ missing: [], lastMayChange: true });
    clock.advance(MINUTE / 2 - 1);
    expect(await report()).toMatchObject({ missing: [] });
    clock.advance(1);
    expect(await report()).toMatchObject({ missing: [{ from: minutes(-1), to: minutes(0) }] });
  });

  it('costs no request of its own for each short period', async () => {
    const { clock, exchange, service } = await openSettlingDesk();
    const key: SeriesKey = { ...KEY, timeframe: '1s' };
    for (let second = 0; second < 180; second += 1) {
      clock.advance(1_000);
      await service.getCandles({ ...key, limit: 10, to: clock.now() - 3_000 });
    }
    const again = exchange.requests.filter(({ to }) => to <= clock.now() - MINUTE);
    const asked = exchange.requests.length;
    expect(asked).toBeLessThan(180 + 20);
    expect(again.length).toBeGreaterThan(0);
  });
});

describe('how long a source settles', () => {
  async function coverageAfter(options: DeskOptions, ownMs?: number): Promise<number> {
    const clock = new ManualClock(minutes(0.5));
    const exchange = new FakeExchange({ clock });
    if (ownMs !== undefined) exchange.settlingMs = ownMs;
    const service = await createMarketData({
      storage: 'memory:',
      realtime: new MemoryRealtime({ clock }),
      clock,
      coordinator: exchange,
      ...options,
    });
    onTestFinished(() => service.close());
    const { coverage } = await service.getCandles({ ...KEY, from: minutes(-20), to: minutes(0) });
    return ((coverage.at(-1)?.to ?? Number.NaN) - minutes(0)) / MINUTE;
  }

  it('is a minute, or what the coordinator says, or what is configured', async () => {
    expect(await coverageAfter({})).toBe(-1);
    expect(await coverageAfter({}, 10 * MINUTE)).toBe(-10);
    expect(await coverageAfter({}, 0)).toBe(0);
    expect(await coverageAfter({ fetching: { settlingMs: 5 * MINUTE } }, 10 * MINUTE)).toBe(-5);
    expect(await coverageAfter({ fetching: { settlingMs: 0 } }, 10 * MINUTE)).toBe(0);
  });

  it.each([-1, 0.5, Number.NaN, '60'])('cannot be %s', async (settlingMs) => {
    await expect(coverageAfter({}, settlingMs as number)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { field: 'coordinator.settlingMs' },
    });
  });
});

describe('what somebody else does to a provisional period', () => {
  async function openWithProvisional(): Promise<Desk> {
    const desk = await openSettlingDesk();
    await desk.service.getCandles({ ...KEY, from: minutes(-5), to: minutes(0) });
    desk.exchange.takeIntervals();
    return desk;
  }
  const last = { from: minutes(-1), to: minutes(0) };
  const report = ({ service }: Desk): Promise<unknown> =>
    service.getCandles({ ...KEY, from: minutes(-5), to: minutes(0) }, { fetchMissing: false });

  it('makes it missing where its candle is removed, its coverage, or its candle is replaced', async () => {
    const removed = await openWithProvisional();
    await removed.storage.candles.remove(KEY, last);
    expect(await report(removed)).toMatchObject({ missing: [last] });

    const uncovered = await openWithProvisional();
    await uncovered.storage.coverage.remove(KEY, last);
    expect(await report(uncovered)).toMatchObject({ missing: [last] });

    const replaced = await openWithProvisional();
    const [candle] = replaced.exchange.candles(KEY, last.from, last.to);
    if (candle === undefined) throw new TypeError('the exchange has a candle');
    await replaced.service.saveCandles(KEY, [{ ...candle, volume: candle.volume + 1 }]);
    expect(await report(replaced)).toMatchObject({ missing: [last] });

    const invalidated = await openWithProvisional();
    await invalidated.service.invalidate({ symbol: KEY.symbol });
    expect(await report(invalidated)).toMatchObject({ missing: [last] });
  });

  it('is no matter where it is the same, or covered by then', async () => {
    const same = await openWithProvisional();
    await same.service.saveCandles(KEY, same.exchange.candles(KEY, last.from, last.to));
    expect(await report(same)).toMatchObject({ missing: [], lastMayChange: true });

    const covered = await openWithProvisional();
    await covered.storage.coverage.add(KEY, last, { source: 'stream' });
    expect(await report(covered)).toMatchObject({ missing: [], lastMayChange: false });
    covered.clock.advance(10 * MINUTE);
    await covered.service.getCandles({ ...KEY, from: minutes(-5), to: minutes(0) });
    expect(covered.exchange.takeIntervals()).toEqual([]);
  });

  it('is not done by a fragment of it beside what was asked for', async () => {
    const desk = await openWithProvisional();
    const { clock, exchange, service } = desk;
    clock.advanceTo(minutes(0) + 50_000);
    exchange.interfere = (request) => {
      const [whole] = exchange.candles(request, last.from, last.to);
      if (whole === undefined) throw new TypeError('the exchange has a candle');
      const fragment = { ...whole, volume: whole.volume / 2 };
      return { candles: [fragment, ...exchange.candles(request, request.from, request.to)] };
    };
    const { series, missing } = await service.getCandles({
      ...KEY,
      from: minutes(-5),
      to: minutes(1),
    });
    expect(exchange.takeIntervals()).toEqual([[minutes(0), minutes(1)]]);
    expect(missing).toEqual([]);
    expect(series.toArray()).toEqual(exchange.candles(KEY, minutes(-5), minutes(1)));
  });
});
