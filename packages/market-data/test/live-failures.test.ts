import {
  BarkeepError,
  ManualClock,
  type Trade,
  timeframeGrid,
  type Unsubscribe,
} from '@barkeep/core';
import {
  createMarketData,
  type MarketDataConfig,
  type MarketDataEvent,
} from '@barkeep/market-data';
import { MemoryRealtime } from '@barkeep/realtime-memory';
import type {
  CandleStream,
  IMarketDataCoordinator,
  RouterConnection,
  RouterEvent,
} from '@barkeep/source';
import { MemoryRouter } from '@barkeep/source-memory';
import { MemoryStorage } from '@barkeep/storage-memory';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KEY, MINUTE, minutes, NOON, settle } from './fixtures.ts';
import { TradedMarket } from './traded-market.ts';

const { symbol } = KEY;

/** Counts its writes, which wait for a gate and may fail. */
class TroubledStorage extends MemoryStorage {
  writes = 0;
  gate: Promise<void> | undefined;
  error: Error | undefined;
  /** Writes with candles or coverage of this symbol are refused. */
  refuses: string | undefined;

  protected override async _write(
    ...call: Parameters<MemoryStorage['_write']>
  ): ReturnType<MemoryStorage['_write']> {
    this.writes += 1;
    await this.gate;
    if (this.error !== undefined) throw this.error;
    if (call[0].some(({ key }) => key.symbol === this.refuses)) {
      throw new BarkeepError('INVALID_INPUT', 'unlucky');
    }
    return super._write(...call);
  }
}

class DownRealtime extends MemoryRealtime {
  isDown = true;
  appends = 0;

  protected override _appendTrades(
    ...call: Parameters<MemoryRealtime['_appendTrades']>
  ): ReturnType<MemoryRealtime['_appendTrades']> {
    this.appends += 1;
    if (this.isDown) throw new BarkeepError('UNAVAILABLE', 'gone', { retryable: true });
    return super._appendTrades(...call);
  }
}

async function openLive(config: Partial<MarketDataConfig> = {}) {
  const clock = new ManualClock(NOON);
  const router = new MemoryRouter({ clock, name: 'upbit' });
  const market = new TradedMarket(clock);
  const storage = new TroubledStorage({ clock });
  const service = await createMarketData({ storage, router, clock, ...config });
  onTestFinished(() => service.close().catch(() => {}));
  /** Time passes; the connection stays alive, unless it `isSilent`. */
  const pass = async (milliseconds: number, isSilent = false): Promise<void> => {
    for (let left = milliseconds; left > 0; left -= 500) {
      clock.advance(Math.min(500, left));
      if (!isSilent) router.alive();
      await settle();
    }
  };
  return { clock, router, market, storage, service, pass };
}

describe('a router', () => {
  it('that cannot be listened to is let go of', async () => {
    class TorchedRouter extends MemoryRouter {
      listeners = 0;

      override get streams(): readonly CandleStream[] {
        throw new Error('no streams');
      }

      override subscribe(listener: (event: RouterEvent) => void): Unsubscribe {
        this.listeners += 1;
        const end = super.subscribe(listener);
        return () => {
          this.listeners -= 1;
          end();
        };
      }
    }
    const clock = new ManualClock(NOON);
    const router = new TorchedRouter({ clock });
    const storage = new MemoryStorage({ clock });
    await expect(createMarketData({ storage, router, clock })).rejects.toThrow('no streams');
    expect(router.listeners).toBe(0);
    expect(storage.state).toBe('closed');
  });

  it('that cannot say how it stands keeps nobody from the statistics', async () => {
    class MuteRouter extends MemoryRouter {
      isMute = false;

      override get connection(): RouterConnection {
        if (this.isMute) throw new Error('no idea');
        return super.connection;
      }
    }
    const router = new MuteRouter({ clock: new ManualClock(NOON), name: 'mute' });
    const { service } = await openLive({ router });
    router.connect();
    router.isMute = true;
    expect((await service.stats()).router).toMatchObject({
      connection: { status: 'connected', since: NOON },
      rejected: 1,
      lastRejected: { message: 'Error: no idea' },
    });
  });

  it('that does not let go keeps nothing from being stored and closed', async () => {
    class ClingingRouter extends MemoryRouter {
      override subscribe(listener: (event: RouterEvent) => void): Unsubscribe {
        super.subscribe(listener);
        return () => {
          throw new Error('no way out');
        };
      }
    }
    const clock = new ManualClock(NOON);
    const market = new TradedMarket(clock);
    const router = new ClingingRouter({ clock });
    const storage = new TroubledStorage({ clock });
    const service = await createMarketData({ storage, router, clock });
    router.connect();
    router.send({ type: 'candle', live: market.stateAt(KEY, market.trade(100)) });
    await expect(service.close()).rejects.toThrow('no way out');
    expect(storage.writes).toBe(1);
    expect(storage.state).toBe('closed');
  });

  it('that replaces a promise by a later one has not kept it in between', async () => {
    const { router, pass, storage, service } = await openLive();
    router.connect();
    router.promise(KEY, NOON);
    await pass(MINUTE + 3_000);
    router.promise(KEY, minutes(3));
    expect((await service.stats()).router?.streams).toBe(1);
    await pass(3 * MINUTE);
    expect(await storage.coverage.missing(KEY, { from: NOON, to: minutes(4) })).toEqual([
      { from: minutes(1), to: minutes(3) },
    ]);
  });
});

describe('an outage of many series', () => {
  it('leaves room for what others ask the coordinator for, and is made up for all the same', async () => {
    const gate = Promise.withResolvers<void>();
    const coordinator: IMarketDataCoordinator = {
      fetchCandles: async () => {
        await gate.promise;
        return { candles: [] };
      },
    };
    const { router, pass, storage, service } = await openLive({ coordinator });
    const keys = Array.from({ length: 20 }, (_, i) => ({ ...KEY, symbol: `KRW-${i}` }));
    router.connect();
    for (const key of keys) router.promise(key, NOON);
    await pass(MINUTE);
    router.drop();
    await pass(2 * MINUTE);
    router.connect();
    await pass(2 * MINUTE);
    expect((await service.stats()).coordinator?.inFlight).toBe(2);
    gate.resolve();
    await pass(5_000);
    expect((await service.stats()).router?.candles?.madeUp).toBe(2 * keys.length);
    for (const key of keys) {
      expect(await storage.coverage.missing(key, { from: NOON, to: minutes(4) })).toEqual([]);
    }
  });
});

describe('more series than are recorded', () => {
  it('are counted, and recorded once others are no longer heard of', async () => {
    const { router, clock, pass, storage, service } = await openLive();
    router.connect();
    const send = (one: string): void => {
      const timestamp = timeframeGrid('1m').floor(clock.now());
      const candle = { timestamp, open: 1, high: 1, low: 1, close: 1, volume: 1 };
      const live = { candle, asOf: clock.now() };
      router.tell({ type: 'candle', live: { ...live, key: { ...KEY, symbol: one } } });
    };
    for (let i = 0; i < 10_000; i += 1) send(`KRW-${i}`);
    send('KRW-NEW');
    expect((await service.stats()).router?.candles).toMatchObject({ series: 10_000, refused: 1 });
    await pass(5_000);
    clock.advance(20 * MINUTE);
    await pass(5_000);
    send('KRW-NEW');
    await pass(2_000);
    expect((await storage.candles.read({ ...KEY, symbol: 'KRW-NEW' })).length).toBe(1);
    expect((await service.stats()).router?.candles).toMatchObject({ series: 1, refused: 1 });
  });
});

describe('a storage that is slow or fails', () => {
  it('is written to once for all who wait for the same', async () => {
    const { router, clock, market, storage, service } = await openLive({
      recording: { intervalMs: 3_600_000 },
    });
    const symbols = Array.from({ length: 20 }, (_, i) => `KRW-${i}`);
    router.connect();
    for (const one of symbols) {
      const key = { ...KEY, symbol: one };
      router.promise(key, NOON);
      const live = market.stateAt(KEY, market.trade(100));
      router.send({ type: 'candle', live: { ...live, key } });
    }
    const gate = Promise.withResolvers<void>();
    storage.gate = gate.promise;
    storage.error = new BarkeepError('BUSY', 'another writes', { retryable: true });
    clock.advance(MINUTE + 2_000);
    router.alive();
    const reads = [...symbols, ...symbols].map((one, i) =>
      service.getCandles({ ...KEY, symbol: one, from: NOON, limit: i + 1 }),
    );
    await settle();
    gate.resolve();
    await Promise.all(reads);
    expect(storage.writes).toBeLessThanOrEqual(2);
    storage.error = undefined;
    await service.getCandles({ ...KEY, symbol: 'KRW-3' });
    expect(
      await storage.coverage.missing({ ...KEY, symbol: 'KRW-3' }, { from: NOON, to: minutes(1) }),
    ).toEqual([]);
  });
});

describe('a storage that fails', () => {
  const full = new BarkeepError('DISK_FULL', 'no space left on /data', { retryable: true });

  it('is heard of by every subscriber, and by those who ask for statistics', async () => {
    const { router, market, storage, service, pass } = await openLive();
    const heard: MarketDataEvent[] = [];
    const tickersOnly: MarketDataEvent[] = [];
    service.subscribe({}, (event) => heard.push(event));
    service.subscribe({ types: ['ticker'], symbols: ['?'] }, (event) => tickersOnly.push(event));
    router.connect();
    storage.error = full;
    router.send({ type: 'candle', live: market.stateAt(KEY, market.trade(100)) });
    await pass(3_000);
    const failure = { type: 'failure', of: 'recording', key: KEY, error: full };
    expect(heard.filter(({ type }) => type === 'failure')[0]).toMatchObject(failure);
    expect(heard.filter(({ type }) => type === 'failure').length).toBeLessThanOrEqual(3);
    expect(tickersOnly[0]).toMatchObject(failure);
    const { candles } = (await service.stats()).router ?? {};
    expect(candles?.lastError).toMatchObject({ code: 'DISK_FULL', message: full.message });
    expect(candles?.lastError?.at).toBeGreaterThan(NOON);
    const { recordingError } = await service.describeSeries(KEY);
    expect(recordingError).toMatchObject({ code: 'DISK_FULL', at: candles?.lastError?.at });
    storage.error = undefined;
    await pass(2_000);
    expect((await service.describeSeries(KEY)).recordingError).toBeUndefined();
  });

  it('by an error of its own is reported as an error of ours, with its cause', async () => {
    const { router, market, storage, service, pass } = await openLive();
    const heard: MarketDataEvent[] = [];
    service.subscribe({}, (event) => heard.push(event));
    router.connect();
    const cause = new Error('the disk is gone');
    storage.error = cause;
    router.send({ type: 'candle', live: market.stateAt(KEY, market.trade(100)) });
    await pass(2_000);
    const [failure] = heard.flatMap((event) => (event.type === 'failure' ? [event.error] : []));
    expect(failure).toMatchObject({
      code: 'INTERNAL',
      message: 'storage-memory failed unexpectedly: the disk is gone',
      cause,
    });
  });

  it.each(['a candle', 'coverage'])(
    'keeps the service from closing as if %s were stored',
    async (what) => {
      const { router, market, storage, service, pass } = await openLive();
      router.connect();
      router.promise(KEY, NOON);
      storage.error = full;
      if (what === 'a candle') {
        router.send({ type: 'candle', live: market.stateAt(KEY, market.trade(100)) });
        await pass(2_000);
      } else await pass(MINUTE + 3_000);
      await expect(service.close()).rejects.toBe(full);
      expect(service.state).toBe('closed');
      expect(storage.state).toBe('closed');
    },
  );

  it('and works again before the end lets the service close', async () => {
    const { router, market, storage, service, pass } = await openLive();
    router.connect();
    router.promise(KEY, NOON);
    storage.error = full;
    router.send({ type: 'candle', live: market.stateAt(KEY, market.trade(100)) });
    await pass(MINUTE + 3_000);
    storage.error = undefined;
    await expect(service.close()).resolves.toBeUndefined();
  });

  it('for one series keeps neither the others nor their coverage from being stored', async () => {
    const { router, storage, service, pass } = await openLive();
    const other = { ...KEY, symbol: 'KRW-ETH' };
    storage.refuses = KEY.symbol;
    router.connect();
    router.promise(KEY, NOON);
    router.promise(other, NOON);
    await pass(2 * MINUTE + 3_000);
    const range = { from: NOON, to: minutes(2) };
    expect(await storage.coverage.missing(other, range)).toEqual([]);
    expect(await storage.coverage.missing(KEY, range)).toEqual([range]);
    storage.refuses = undefined;
    await pass(2_000);
    expect(await storage.coverage.missing(KEY, range)).toEqual([]);
    expect((await service.stats()).router?.candles?.lastError).toMatchObject({
      code: 'INVALID_INPUT',
    });
  });
});

describe('a realtime cache that is down', () => {
  it('is heard of once in a while', async () => {
    const realtime = new DownRealtime({ clock: new ManualClock(NOON) });
    const { router, market, service, pass } = await openLive({ realtime });
    const heard: MarketDataEvent[] = [];
    service.subscribe({}, (event) => heard.push(event));
    router.connect();
    for (let i = 0; i < 20; i += 1) {
      router.send({ type: 'trades', symbol: `KRW-${i}`, trades: [market.trade(100 + i)] });
    }
    await pass(2_000);
    const failures = heard.filter(({ type }) => type === 'failure');
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.length).toBeLessThanOrEqual(3);
    expect(failures[0]).toMatchObject({ of: 'realtime', error: { code: 'UNAVAILABLE' } });
    expect((await service.stats()).router?.realtime).toMatchObject({
      dropped: 0,
      lastError: { code: 'UNAVAILABLE', message: 'gone' },
    });
    realtime.isDown = false;
  });

  it('is not tried anew with everything that waits for each event', async () => {
    const clock = new ManualClock(NOON);
    const realtime = new DownRealtime({ clock });
    const { router, market, service, ...live } = await openLive({ realtime });
    router.connect();
    for (let i = 0; i < 50; i += 1) {
      router.send({ type: 'trades', symbol, trades: [market.trade(100 + i)] });
      await settle();
    }
    expect(realtime.appends).toBeLessThanOrEqual(2);
    realtime.isDown = false;
    await live.pass(2_000);
    router.send({ type: 'trades', symbol, trades: [market.trade(200)] });
    await settle();
    expect(await service.getTrades(symbol)).toHaveLength(51);
    expect((await service.stats()).router?.realtime).toMatchObject({ stored: 51, dropped: 0 });
  });

  it('makes trades wait in bounded memory, however many symbols there are', async () => {
    const realtime = new DownRealtime({ clock: new ManualClock(NOON) });
    const { router, market, service } = await openLive({ realtime });
    router.connect();
    const trades = Array.from({ length: 10_000 }, () => market.trade(100));
    for (let i = 0; i < 12; i += 1) {
      router.tell({ type: 'trades', symbol: `KRW-${i}`, trades });
      await settle();
    }
    expect((await service.stats()).router?.realtime?.dropped).toBe(20_000);
  });

  it('does not hold back what comes after trades that it refuses', async () => {
    class PickyRealtime extends MemoryRealtime {
      protected override _appendTrades(
        ...call: Parameters<MemoryRealtime['_appendTrades']>
      ): Trade[] {
        if (call[1].some(({ price }) => price === 13)) {
          throw new BarkeepError('INVALID_INPUT', 'unlucky');
        }
        return super._appendTrades(...call);
      }
    }
    const realtime = new PickyRealtime({ clock: new ManualClock(NOON) });
    const { router, market, service } = await openLive({ realtime });
    router.connect();
    const trades = Array.from({ length: 20 }, (_, i) => market.trade(i));
    router.tell({ type: 'trades', symbol, trades: trades.slice(1) });
    await settle();
    router.send({ type: 'trades', symbol, trades: [market.trade(100)] });
    await settle();
    expect(await service.getTrades(symbol)).toHaveLength(19);
    expect((await service.stats()).router?.realtime).toMatchObject({ stored: 19, dropped: 1 });
  });

  it('is given what waits when the service closes', async () => {
    const clock = new ManualClock(NOON);
    const realtime = new DownRealtime({ clock });
    await realtime.open();
    onTestFinished(() => realtime.close());
    const { router, market, service } = await openLive({ realtime });
    router.connect();
    router.send({ type: 'trades', symbol, trades: [market.trade(100)] });
    await settle();
    realtime.isDown = false;
    await service.close();
    expect(await realtime.trades.recent(symbol)).toHaveLength(1);
  });
});
