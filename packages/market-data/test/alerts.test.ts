import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AlertEvent,
  type AlertName,
  createMarketData,
  type MarketDataEvent,
} from '@barkeep/market-data';
import type { StorageSize } from '@barkeep/storage';
import { MemoryStorage } from '@barkeep/storage-memory';
import { SqliteStorage } from '@barkeep/storage-sqlite';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { AlertWatch } from '../src/monitoring/alert-watch.ts';
import type { Observation } from '../src/monitoring/observation.ts';
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
import { openLiveDesk } from './live-desk.ts';

/** A storage that says of its disk what it is told to. */
class MeasuredStorage extends MemoryStorage {
  disk: Partial<StorageSize> = {};
  hang: Promise<void> | undefined;

  protected override async _size(): Promise<StorageSize> {
    await this.hang;
    return { ...(await super._size()), ...this.disk };
  }
}

/** Another storage on the database in a directory. */
async function openSqlite(directory: string): Promise<SqliteStorage> {
  const storage = new SqliteStorage({ path: join(directory, 'market_data.sqlite3') });
  await storage.open();
  onTestFinished(() => storage.close());
  return storage;
}

interface WatchedDesk extends Omit<Desk, 'storage'> {
  readonly storage: MeasuredStorage;
  /** Lets a check pass, and returns what it raised and cleared. */
  check(): Promise<[AlertName, AlertEvent['level']][]>;
}

async function openWatchedDesk(options: DeskOptions = {}): Promise<WatchedDesk> {
  const storage = new MeasuredStorage();
  const desk = await openDesk({ ...options, storage });
  const heard: AlertEvent[] = [];
  desk.service.subscribe({ types: [] }, (event) => {
    if (event.type === 'alert') heard.push(event);
  });
  const check = async (): Promise<[AlertName, AlertEvent['level']][]> => {
    desk.clock.advance(30_000);
    await settle();
    return heard.splice(0).map(({ name, level }) => [name, level]);
  };
  return { ...desk, storage, check };
}

describe('an alert', () => {
  it('is raised at one level, stands, and is cleared at a lower one', async () => {
    const { storage, service, clock, check } = await openWatchedDesk({
      alerts: { walBytes: { raise: 1_000, clear: 500 } },
    });
    const events: MarketDataEvent[] = [];
    service.subscribe({}, (event) => events.push(event));
    storage.disk = { walBytes: 999 };
    expect(await check()).toEqual([]);
    storage.disk = { walBytes: 1_000 };
    expect(await check()).toEqual([['walBytes', 'raised']]);
    const raisedAt = clock.now();
    const message = 'write-ahead log of the storage: 1000 bytes, at or above 1000 bytes';
    expect(events).toEqual([
      {
        type: 'alert',
        name: 'walBytes',
        level: 'raised',
        value: 1_000,
        threshold: 1_000,
        at: raisedAt,
        message,
      },
    ]);
    for (const walBytes of [2_000, 999, 501, 1_000]) {
      storage.disk = { walBytes };
      expect(await check()).toEqual([]);
    }
    expect((await service.stats()).alerts).toEqual([
      { name: 'walBytes', raisedAt, value: 1_000, threshold: 1_000, message },
    ]);
    storage.disk = { walBytes: 500 };
    expect(await check()).toEqual([['walBytes', 'cleared']]);
    expect((await service.stats()).alerts).toEqual([]);
    expect(events.at(-1)).toMatchObject({ level: 'cleared', value: 500, threshold: 500 });
  });

  it('goes the other way for what may become too little', async () => {
    const { storage, check } = await openWatchedDesk();
    storage.disk = { freeBytes: 2 ** 30 };
    expect(await check()).toEqual([['freeBytes', 'raised']]);
    storage.disk = { freeBytes: 2 ** 30 + 1 };
    expect(await check()).toEqual([]);
    storage.disk = { freeBytes: 2 ** 31 };
    expect(await check()).toEqual([['freeBytes', 'cleared']]);
  });

  it('stays as it is while its value cannot be told', async () => {
    const { storage, check, service, clock } = await openWatchedDesk();
    storage.disk = { freeBytes: 1 };
    expect(await check()).toEqual([['freeBytes', 'raised']]);
    const gate = Promise.withResolvers<void>();
    storage.hang = gate.promise;
    storage.disk = { freeBytes: 2 ** 40 };
    expect(await check()).toEqual([]);
    clock.advance(15_000);
    await settle();
    storage.hang = undefined;
    clock.advance(15_000);
    await settle();
    expect((await service.stats()).alerts).toEqual([]);
    gate.resolve();
  });

  it('may be switched off, alone or with all others', async () => {
    const { storage, check } = await openWatchedDesk({ alerts: { freeBytes: false } });
    storage.disk = { freeBytes: 1, walBytes: 2 ** 40 };
    expect(await check()).toEqual([['walBytes', 'raised']]);
    const silent = await openWatchedDesk({ alerts: false });
    const { calls } = (await silent.storage.stats()).operations['stats'] ?? { calls: 0 };
    silent.storage.disk = { freeBytes: 0, walBytes: 2 ** 40 };
    expect(await silent.check()).toEqual([]);
    expect((await silent.storage.stats()).operations['stats']?.calls).toBe(calls + 1);
    expect((await silent.service.stats()).alerts).toEqual([]);
  });

  it('is checked as often as configured, and never after closing', async () => {
    const { storage, service, clock, check } = await openWatchedDesk({
      alerts: { intervalMs: 300_000 },
    });
    storage.disk = { freeBytes: 1 };
    expect(await check()).toEqual([]);
    clock.advance(270_000);
    await settle();
    expect((await service.stats()).alerts).toHaveLength(1);
    await service.close();
    expect(clock.pendingTimers).toBeLessThan(3);
  });
});

describe('hysteresis', () => {
  it('raises and clears in turn, each at its own level, whatever the values', () => {
    const rule = { raisedWhen: 'above', raise: 100, clear: 50 } as const;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 150 })), (values) => {
        const watch = new AlertWatch(new Map([['walBytes', rule]]));
        let stands = false;
        for (const walBytes of values) {
          const observed = { storage: { size: { walBytes } }, at: 0 } as unknown as Observation;
          const events = watch.check(observed, observed);
          const changes = stands ? walBytes <= 50 : walBytes >= 100;
          expect(events.map(({ level }) => level)).toEqual(
            changes ? [stands ? 'cleared' : 'raised'] : [],
          );
          if (changes) stands = !stands;
          expect(watch.standing.length).toBe(stands ? 1 : 0);
        }
      }),
    );
  });
});

describe('alerts watch', () => {
  it('how often the candle caches find something', async () => {
    const { service, exchange, check } = await openWatchedDesk({
      candleCache: { pagePeriods: 16, maxAnswers: 0 },
      coordinator: undefined,
    });
    await service.saveCandles(KEY, exchange.candles(KEY, minutes(-3_000), minutes(0)));
    const read = (from: number): Promise<unknown> =>
      service.getCandles({ ...KEY, from: minutes(from), to: minutes(from + 1_500) });
    await read(-3_000);
    await read(-1_500);
    expect(await check()).toEqual([['cacheHitRate', 'raised']]);
    await read(-3_000);
    await read(-1_500);
    expect(await check()).toEqual([['cacheHitRate', 'cleared']]);
  });

  it('how many days are left, and how fast the storage grows', async () => {
    const { storage, service, clock, check } = await openWatchedDesk({
      storageLimitBytes: 10_000_000,
    });
    storage.disk = { bytes: 1_000_000 };
    expect(await check()).toEqual([]);
    expect((await service.stats()).growth).toEqual({
      observedMs: 0,
      bytesPerDay: undefined,
      limitBytes: 10_000_000,
      daysToLimit: undefined,
    });
    storage.disk = { bytes: 1_010_000 };
    clock.advance(12 * 60 * MINUTE - 30_000);
    expect(await check()).toEqual([]);
    const { growth } = await service.stats();
    expect(growth?.bytesPerDay).toBeCloseTo(20_000, -2);
    expect(growth?.daysToLimit).toBeCloseTo(449.5, 0);
    storage.disk = { bytes: 9_000_000 };
    expect(await check()).toEqual([['daysToLimit', 'raised']]);
    storage.disk = { bytes: 1_000_000 };
    expect(await check()).toEqual([['daysToLimit', 'cleared']]);
    expect((await service.stats()).growth?.daysToLimit).toBe(Number.POSITIVE_INFINITY);
  });

  it('how much of the database is empty, as maintenance sees it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'barkeep-alerts-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const { service, clock } = await openDesk({
      storage: `sqlite:${join(directory, 'market_data.sqlite3')}?archive=off`,
      maintenance: { freeRatio: 1, intervalMs: 1_000 },
    });
    const heard: MarketDataEvent[] = [];
    service.subscribe({ types: [] }, (event) => heard.push(event));
    const candle = { open: 1, high: 1, low: 1, close: 1, volume: 1 };
    const candles = Array.from({ length: 20_000 }, (_, i) => ({
      ...candle,
      timestamp: minutes(-i),
    }));
    await service.saveCandles(KEY, candles);
    const editor = await openSqlite(directory);
    await editor.candles.remove(KEY);
    await vi.waitFor(async () => {
      clock.advance(10_000);
      await settle();
      expect(heard).toContainEqual(
        expect.objectContaining({ type: 'alert', name: 'freePageRatio', level: 'raised' }),
      );
    }, 20_000);
  });

  it('how many calls of the coordinator fail, and how long its breaker is open', async () => {
    const { service, exchange, clock, check } = await openWatchedDesk({
      fetching: { retry: { maxAttempts: 1 }, breaker: { failures: 2, pauseMs: 10_000 } },
    });
    const fetchOne = (at: number): Promise<unknown> =>
      throughTime(
        clock,
        service.getCandles({ ...KEY, from: minutes(at), to: minutes(at + 1) }),
        50,
      );
    exchange.interfere = () => {
      throw new Error('no such market');
    };
    for (let i = 0; i < 6; i += 1) await fetchOne(-10 - i);
    expect(await check()).toEqual([['coordinatorErrorRate', 'raised']]);
    exchange.interfere = () => undefined;
    for (let i = 0; i < 6; i += 1) await fetchOne(-30 - i);
    expect(await check()).toEqual([['coordinatorErrorRate', 'cleared']]);
    exchange.interfere = () => {
      throw Object.assign(new Error('down'), { retryable: true });
    };
    await fetchOne(-50);
    expect((await service.stats()).coordinator?.breaker).toMatchObject({ openMs: 0 });
    await fetchOne(-51);
    expect(await check()).toEqual([]);
    expect((await service.stats()).coordinator?.breaker).toMatchObject({
      state: 'half-open',
      openMs: 30_000,
    });
    expect(await check()).toEqual([['breakerOpenMs', 'raised']]);
    exchange.interfere = () => undefined;
    await fetchOne(-53);
    expect(await check()).toEqual([['breakerOpenMs', 'cleared']]);
  });

  it('whether a router that is connected brings anything', async () => {
    const desk = await openLiveDesk();
    const heard: string[] = [];
    desk.service.subscribe({ types: [] }, (event) => {
      if (event.type === 'alert') heard.push(`${event.name} ${event.level}`);
    });
    desk.router.connect();
    await desk.pass(1_000);
    desk.deal(100);
    await desk.pass(59_000);
    expect(heard).toEqual([]);
    await desk.pass(60_000);
    expect(heard).toEqual(['realtimeStaleMs raised']);
    expect((await desk.service.stats()).activity).toMatchObject({
      updatesPerSecond: 0,
      trades: { updates: 1, ageMs: 119_000 },
      candle: { updates: 1, ageMs: 119_000 },
      ticker: { updates: 0, ageMs: undefined },
    });
    for (let i = 0; i < 40; i += 1) {
      desk.deal(100 + i);
      await desk.pass(1_000);
    }
    expect(heard).toEqual(['realtimeStaleMs raised', 'realtimeStaleMs cleared']);
    expect((await desk.service.stats()).activity.updatesPerSecond).toBeCloseTo(80 / 60, 0);
  });

  it('but not of a market that is closed', async () => {
    const sessions = [{ days: [1], opens: '09:00', closes: '10:00' }];
    const desk = await openLiveDesk({ tradingHours: { timeZone: 'UTC', sessions } });
    const heard: string[] = [];
    desk.service.subscribe({ types: [] }, ({ type }) => heard.push(type));
    desk.router.connect();
    await desk.pass(180_000);
    expect(heard.filter((type) => type === 'alert')).toEqual([]);
  });

  it('what fails in the background', async () => {
    const desk = await openLiveDesk({ alerts: { realtimeStaleMs: false } });
    const heard: string[] = [];
    desk.service.subscribe({ types: [] }, (event) => {
      if (event.type === 'alert') heard.push(`${event.name} ${event.level}`);
    });
    desk.router.connect();
    await desk.pass(60_000);
    desk.storage.error = new Error('disk is gone');
    desk.deal(100);
    await desk.pass(30_000);
    expect(heard).toEqual(['backgroundFailures raised']);
    desk.storage.error = undefined;
    await desk.pass(60_000);
    expect(heard).toContain('backgroundFailures cleared');
  });
});

describe('saved requests', () => {
  it('are reads that found everything, and reads that shared a request', async () => {
    const { service } = await openDesk();
    const query = { ...KEY, from: minutes(-10), to: minutes(0) };
    await Promise.all([service.getCandles(query), service.getCandles({ ...query, limit: 20 })]);
    expect((await service.stats()).coordinator).toMatchObject({ calls: 1, saved: 1 });
    await service.getCandles(query);
    await service.getCandles(query);
    await service.getCandles(query, { fetchMissing: false });
    expect((await service.stats()).coordinator).toMatchObject({ calls: 1, saved: 3 });
  });
});

describe('options', () => {
  it.each([
    [{ alerts: 5 }, 'alerts'],
    [{ alerts: { nothing: {} } }, 'nothing'],
    [{ alerts: { intervalMs: 0 } }, 'alerts.intervalMs'],
    [{ alerts: { walBytes: 5 } }, 'alerts.walBytes'],
    [{ alerts: { walBytes: { raise: -1 } } }, 'alerts.walBytes.raise'],
    [{ alerts: { walBytes: { raise: 10 } } }, 'alerts.walBytes.clear'],
    [{ alerts: { freeBytes: { clear: 10 } } }, 'alerts.freeBytes.clear'],
    [{ storageLimitBytes: 0.5 }, 'storageLimitBytes'],
    [{ slowOperationMs: 0 }, 'slowOperationMs'],
    [{ logger: { debug: () => {}, info: () => {}, warn: () => {} } }, 'logger'],
  ])('%j is refused by the name of the field', async (options, field) => {
    await expect(createMarketData({ storage: 'memory:', ...(options as object) })).rejects.toEqual(
      expect.objectContaining({
        code: 'INVALID_INPUT',
        message: expect.stringContaining(field),
      }),
    );
  });
});
