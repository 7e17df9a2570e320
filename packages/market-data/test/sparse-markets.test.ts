import { describe, expect, it } from 'vitest';
import { KEY, MINUTE, minutes, openDesk } from './fixtures.ts';

describe('the latest candles of a market with periods without trades', () => {
  it('are sought further and further back, each period once', async () => {
    const { exchange, service } = await openDesk({
      exchange: { trades: (period) => period % 10 === 0 },
    });
    const { series, missing, range } = await service.getCandles({ ...KEY, limit: 20 });
    expect(series.length).toBe(20);
    expect(series.toArray()).toEqual(exchange.candles(KEY, series.firstTimestamp, minutes(1)));
    expect(missing).toEqual([]);
    expect(range).toEqual({ from: series.firstTimestamp, to: minutes(1) });
    expect(exchange.takeIntervals()).toEqual([
      [minutes(-19), minutes(1)],
      [minutes(-39), minutes(-19)],
      [minutes(-79), minutes(-39)],
      [minutes(-159), minutes(-79)],
      [minutes(-319), minutes(-159)],
    ]);
    await service.getCandles({ ...KEY, limit: 20 });
    expect(exchange.takeIntervals()).toEqual([]);
  });

  it('are sought within bounds, and no more for a while where that was in vain', async () => {
    const { clock, exchange, service } = await openDesk({
      exchange: { listedAt: minutes(-5) / MINUTE },
      fetching: { maxSearchRounds: 3 },
    });
    const first = await service.getCandles({ ...KEY, limit: 10 });
    expect(first.series.length).toBe(6);
    expect(exchange.takeIntervals()).toEqual([
      [minutes(-9), minutes(1)],
      [minutes(-19), minutes(-9)],
      [minutes(-39), minutes(-19)],
    ]);
    await service.getCandles({ ...KEY, limit: 10 });
    expect(exchange.takeIntervals()).toHaveLength(2);
    await service.getCandles({ ...KEY, limit: 10 });
    expect(exchange.takeIntervals()).toEqual([]);
    await service.getCandles({ ...KEY, limit: 17, to: minutes(0) });
    expect(exchange.takeIntervals()).toEqual([]);
    clock.advance(3_600_000);
    await service.getCandles({ ...KEY, limit: 20, to: minutes(0) });
    expect(exchange.takeIntervals()[0]).toEqual([minutes(-89), minutes(-69)]);
  });

  it('are sought again where the search has failed', async () => {
    const { exchange, service } = await openDesk({ exchange: { listedAt: minutes(-5) / MINUTE } });
    exchange.interfere = ({ from }) => {
      if (from < minutes(-9)) throw new Error('no route to host');
      return undefined;
    };
    const { failures } = await service.getCandles({ ...KEY, limit: 10 });
    expect(failures.length).toBeGreaterThan(0);
    exchange.takeIntervals();
    await service.getCandles({ ...KEY, limit: 10 });
    expect(exchange.takeIntervals()[0]).toEqual([minutes(-19), minutes(-9)]);
  });

  it('stop at the start of history, which is remembered', async () => {
    const { exchange, service, storage, clock } = await openDesk({
      exchange: { listedAt: minutes(-5) / MINUTE, tellsStart: true },
    });
    const { series, historyStart, missing } = await service.getCandles({ ...KEY, limit: 10 });
    expect(series.length).toBe(6);
    expect(historyStart).toBe(minutes(-5));
    expect(missing).toEqual([]);
    expect(exchange.takeIntervals()).toEqual([[minutes(-9), minutes(1)]]);

    const all = await service.getCandles({ ...KEY, from: minutes(-100), to: minutes(0) });
    expect(all.missing).toEqual([]);
    expect(exchange.takeIntervals()).toEqual([]);
    expect(await storage.metadata.get('series/1m:KRW-BTC')).toEqual({ historyStart: minutes(-5) });
    expect(clock.now()).toBe(minutes(0.5));
  });

  it('are found forward from an instant, too', async () => {
    const { exchange, service } = await openDesk({
      exchange: { trades: (period) => period % 4 === 0 },
    });
    const { series, missing, range } = await service.getCandles({
      ...KEY,
      from: minutes(-1_000),
      limit: 10,
    });
    expect(series.length).toBe(10);
    expect(series.toArray()).toEqual(
      exchange.candles(KEY, minutes(-1_000), series.lastTimestamp + 1),
    );
    expect(missing).toEqual([]);
    expect(range?.from).toBe(minutes(-1_000));
    expect(exchange.takeIntervals()).toEqual([
      [minutes(-1_000), minutes(-990)],
      [minutes(-990), minutes(-980)],
      [minutes(-980), minutes(-960)],
    ]);
  });

  it('are not fetched from before the first known one when no limit says how many', async () => {
    const { exchange, service } = await openDesk();
    expect(await service.getCandles({ ...KEY })).toMatchObject({ range: undefined, missing: [] });
    expect(exchange.takeIntervals()).toEqual([]);
    await service.saveCandles(KEY, exchange.candles(KEY, minutes(-20), minutes(-10)));
    const { series } = await service.getCandles({ ...KEY });
    expect(exchange.takeIntervals()).toEqual([[minutes(-20), minutes(1)]]);
    expect(series.length).toBe(21);
  });
});

describe('a coordinator that covers less than it was asked for', () => {
  it('leaves the rest missing, and is asked for it by the next read only', async () => {
    const { exchange, service } = await openDesk();
    exchange.interfere = (request) => ({
      ...exchange.deliver(request),
      candles: exchange.candles(request, minutes(-10), minutes(-8)),
      covers: { from: minutes(-10), to: minutes(-8) },
    });
    const range = { from: minutes(-10), to: minutes(-5) };
    const rest = { from: minutes(-8), to: minutes(-5) };
    const partial = await service.getCandles({ ...KEY, ...range });
    expect(partial).toMatchObject({ missing: [rest], failures: [] });
    expect(exchange.takeIntervals()).toEqual([[range.from, range.to]]);
    exchange.interfere = () => undefined;
    const whole = await service.getCandles({ ...KEY, ...range });
    expect(whole).toMatchObject({ missing: [] });
    expect(exchange.takeIntervals()).toEqual([[rest.from, rest.to]]);
  });

  it('may send candles from outside: they are stored, and not taken as final', async () => {
    const { exchange, service } = await openDesk();
    exchange.interfere = (request) => ({
      candles: exchange.candles(request, minutes(-20), minutes(0)),
      covers: { from: minutes(-20), to: minutes(0) },
    });
    await service.getCandles({ ...KEY, from: minutes(-10), to: minutes(-5) });
    const { series, missing } = await service.getCandles(
      { ...KEY, from: minutes(-20), to: minutes(0) },
      { fetchMissing: false },
    );
    expect(series.length).toBe(20);
    expect(missing).toEqual([
      { from: minutes(-20), to: minutes(-10) },
      { from: minutes(-5), to: minutes(0) },
    ]);
  });
});
