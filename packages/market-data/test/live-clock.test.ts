import { type Clock, type ClockTimer, ManualClock, type SeriesKey } from '@barkeep/core';
import { createMarketData } from '@barkeep/market-data';
import { MemoryRouter } from '@barkeep/source-memory';
import { MemoryStorage } from '@barkeep/storage-memory';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KEY, MINUTE, minutes, NOON, settle } from './fixtures.ts';
import { openLiveDesk } from './live-desk.ts';

const HOUR = 60 * MINUTE;
const OTHER: SeriesKey = { ...KEY, symbol: 'KRW-ETH' };

/** Shows the exchange's time. */
function tickerAt(timestamp: number) {
  return { type: 'ticker', ticker: { symbol: KEY.symbol, timestamp, price: 1 } } as const;
}

describe('a machine that sleeps while the connection looks open', () => {
  it.each(['lost', 'closed', 'the service closed'])('covers none of it, then %s', async (then) => {
    const { router, clock, pass, missing, service, storage } = await openLiveDesk();
    router.connect();
    router.promise(KEY, NOON);
    router.send(tickerAt(clock.now()));
    await pass(5 * MINUTE);
    clock.setWallTime(clock.now() + 8 * HOUR);
    // What the socket had taken in before is read only now.
    router.alive();
    await pass(6_000, true);
    if (then === 'lost') router.drop({ lastSeen: clock.now() });
    if (then === 'closed') router.close();
    await pass(2_000);
    expect(await missing(NOON, minutes(485))).toEqual([[minutes(4), minutes(485)]]);
    const changes: unknown[] = [];
    storage.changes.subscribe((event) => changes.push(event));
    await service.close();
    expect(changes).toEqual([]);
  });

  it('goes on from the next period where the connection lives on', async () => {
    const { router, clock, pass, deal, market, missing, storage } = await openLiveDesk({
      fetches: true,
    });
    router.connect();
    router.promise(KEY, NOON);
    await pass(5 * MINUTE);
    clock.setWallTime(clock.now() + 8 * HOUR + 10_000);
    deal(100);
    await pass(3 * MINUTE);
    expect(await missing(NOON, minutes(487))).toEqual([]);
    const stored = await storage.candles.read(KEY);
    expect(stored.toArray()).toEqual(market.candles(KEY, NOON, minutes(490)));
  });
});

it('a process that stood still relies on nothing since the last sign of life', async () => {
  const clock = new StallingClock();
  const router = new MemoryRouter({ clock });
  const storage = new MemoryStorage({ clock });
  const service = await createMarketData({ storage, router, clock });
  onTestFinished(() => service.close());
  const pass = async (milliseconds: number): Promise<void> => {
    for (let left = milliseconds; left > 0; left -= 500) {
      clock.advance(500);
      router.alive();
      await settle();
    }
  };
  router.connect();
  router.promise(KEY, NOON);
  router.send(tickerAt(clock.now()));
  await pass(2 * MINUTE);
  clock.stall(3 * MINUTE + 10_000);
  await pass(2 * MINUTE);
  expect(await storage.coverage.missing(KEY, { from: NOON, to: minutes(7) })).toEqual([
    { from: minutes(1), to: minutes(6) },
  ]);
});

describe('a clock that is ahead and set right', () => {
  it.each([90_000, 9 * HOUR])('by %d ms leaves nothing covered beyond now', async (aheadMs) => {
    const clock = new ManualClock(NOON + aheadMs);
    const desk = await openLiveDesk({ clock });
    const { router, pass, missing } = desk;
    router.connect();
    // The exchange's candles are of the true time.
    router.promise(KEY, NOON + aheadMs - (aheadMs % MINUTE));
    const state = { timestamp: NOON, open: 1, high: 1, low: 1, close: 1, volume: 1 };
    router.send({ type: 'candle', live: { key: KEY, candle: state, asOf: NOON } });
    await pass(3 * MINUTE);
    const right = minutes(3);
    clock.setWallTime(right);
    await pass(6_000);
    expect(await missing(right, NOON + aheadMs + 5 * MINUTE)).toHaveLength(1);
    const { coverage } = await desk.service.getCandles({ ...KEY, from: NOON });
    expect(coverage.every(({ to }) => to <= clock.now())).toBe(true);
    await pass(3 * MINUTE);
    expect(await missing(minutes(4), minutes(6))).toEqual([]);
  });

  it('drops the states that lie beyond now, and does not call their periods complete', async () => {
    const clock = new ManualClock(minutes(2));
    const { router, pass, missing, service } = await openLiveDesk({ clock });
    router.connect();
    router.promise(KEY, minutes(2));
    const candle = { timestamp: minutes(2), open: 1, high: 1, low: 1, close: 1, volume: 1 };
    router.send({ type: 'candle', live: { key: KEY, candle, asOf: minutes(2) } });
    await pass(10_000);
    clock.setWallTime(NOON + 10_000);
    await pass(6_000);
    // Stamped by the clock that was ahead; the exchange's own comes later.
    const own = { ...candle, close: 0.5, low: 0.5 };
    await pass(2 * MINUTE);
    router.send({ type: 'candle', live: { key: KEY, candle: own, asOf: minutes(2) } });
    await pass(2 * MINUTE);
    expect((await service.stats()).router?.candles).toMatchObject({ outdated: 0 });
    expect(await missing(NOON, minutes(4))).toEqual([[NOON, minutes(3)]]);
  });
});

describe('a clock that is behind', () => {
  it.each([90_000, 5 * MINUTE])('by %d ms makes no promise reach back', async (behindMs) => {
    const clock = new ManualClock(NOON - behindMs);
    const { router, pass, missing, market } = await openLiveDesk({ clock });
    router.connect();
    router.promise(KEY, NOON - behindMs - (behindMs % MINUTE));
    router.promise(OTHER);
    await pass(10_000);
    // The exchange's time is ten seconds after noon.
    const timestamp = NOON + 10_000;
    router.send({ type: 'ticker', ticker: { symbol: 'KRW-XRP', timestamp, price: 1 } });
    await pass(behindMs + 3 * MINUTE);
    expect(market.trades).toEqual([]);
    // Until the exchange's clock had reached the connection, nobody knows.
    expect(await missing(minutes(-6), NOON)).toEqual([[minutes(-6), NOON]]);
    expect(await missing(NOON, minutes(2))).toEqual([]);
    expect(await missing(minutes(1), minutes(2), OTHER)).toEqual([]);
  });

  it('by hours covers nothing, and neither does setting it right', async () => {
    const clock = new ManualClock(NOON - 9 * HOUR);
    const { router, pass, storage, service, missing } = await openLiveDesk({ clock });
    router.connect();
    router.promise(KEY, clock.now());
    router.promise(OTHER);
    // Nothing comes for a while but pongs.
    await pass(3 * MINUTE);
    router.tell({ type: 'ticker', ticker: { symbol: 'KRW-XRP', timestamp: minutes(3), price: 1 } });
    await pass(10 * MINUTE);
    expect(await storage.coverage.of(KEY)).toEqual([]);
    expect((await service.stats()).router).toMatchObject({ rejected: 1, streams: 2 });
    clock.setWallTime(minutes(13));
    router.send({
      type: 'ticker',
      ticker: { symbol: 'KRW-XRP', timestamp: minutes(13), price: 1 },
    });
    await pass(3 * MINUTE);
    expect(await storage.coverage.of(KEY)).toHaveLength(1);
    expect(await missing(minutes(14), minutes(15))).toEqual([]);
    expect(await missing(minutes(14), minutes(15), OTHER)).toEqual([]);
    expect(await missing(NOON - 9 * HOUR, minutes(13))).toHaveLength(1);
  });
});

it('values of the exchange that are glitches do not disturb what is promised', async () => {
  const { router, pass, deal, missing, clock, service } = await openLiveDesk();
  router.connect();
  router.promise(KEY, NOON);
  deal(100);
  await pass(MINUTE);
  const glitch = { symbol: 'KRW-XRP', timestamp: clock.now() + 9 * HOUR, price: 1 };
  router.tell({ type: 'ticker', ticker: glitch });
  router.tell({ type: 'orderBook', book: { ...glitch, bids: [], asks: [] } });
  await pass(2 * MINUTE + 3_000);
  expect(await missing(NOON, minutes(3))).toEqual([]);
  expect(await service.getTicker('KRW-XRP')).toBeUndefined();
  expect((await service.stats()).router).toMatchObject({ rejected: 2 });
});

/** Time can pass without its timers, as when the process is stopped. */
class StallingClock implements Clock {
  readonly #running = new ManualClock(NOON);
  #stalledMs = 0;

  now(): number {
    return this.#running.now() + this.#stalledMs;
  }

  monotonic(): number {
    return this.#running.monotonic() + this.#stalledMs;
  }

  setTimer(callback: () => void, delayMs: number): ClockTimer {
    return this.#running.setTimer(callback, delayMs);
  }

  advance(ms: number): void {
    this.#running.advance(ms);
  }

  stall(ms: number): void {
    this.#stalledMs += ms;
  }
}

it('a clock that was found far behind stays doubted over a sleep', async () => {
  const { router, clock, pass, missing } = await openLiveDesk();
  router.connect();
  router.promise(KEY, NOON);
  const timestamp = clock.now() + 9 * 60 * MINUTE;
  router.tell(tickerAt(timestamp));
  await pass(1_000);
  clock.setWallTime(clock.now() + 20_000);
  await pass(4 * MINUTE);
  expect(await missing(NOON, minutes(4))).toEqual([[NOON, minutes(4)]]);
  // Set right, as the next value shows.
  router.send(tickerAt(clock.now()));
  const from = Math.ceil(clock.now() / MINUTE) * MINUTE;
  await pass(3 * MINUTE);
  expect(await missing(NOON, from + MINUTE)).toEqual([[NOON, from]]);
});

it('a clock that nothing had confirmed when it jumped is not relied on at all', async () => {
  const { router, clock, pass, missing } = await openLiveDesk();
  router.connect();
  router.promise(KEY, NOON);
  // Only pongs come: it may be hours behind.
  await pass(5 * MINUTE);
  clock.setWallTime(clock.now() + 9 * HOUR);
  await pass(2_000);
  expect(await missing(NOON, minutes(5))).toEqual([[NOON, minutes(5)]]);
});
