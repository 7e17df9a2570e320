import { BarkeepError, ManualClock } from '@barkeep/core';
import type { RouterEvent } from '@barkeep/source';
import { MemoryRouter } from '@barkeep/source-memory';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KEY, MINUTE, minutes, NOON, settle } from './fixtures.ts';
import { openLiveDesk, TroubledStorage } from './live-desk.ts';

const { symbol } = KEY;
const OTHER = { ...KEY, symbol: 'KRW-ETH' };
/** The last second of a minute that has had its grace. */
const GRACE = 2_000;

/** Of a library that does not say when it was last seen. */
class MuteRouter extends MemoryRouter {
  override get lastSeen(): undefined {
    return undefined;
  }
}

describe('a promised period', () => {
  it('is covered by a sign of life after its end and its grace, and by nothing else', async () => {
    const { router, service, deal, pass, storage, missing } = await openLiveDesk();
    router.connect();
    router.promise(KEY, NOON);
    deal(100);
    await pass(3 * MINUTE, true);
    expect((await storage.candles.read(KEY)).length).toBe(1);
    expect(await missing(NOON, minutes(3))).toEqual([[NOON, minutes(3)]]);
    const silent = await service.getCandles({ ...KEY, from: NOON, to: minutes(3) });
    expect(silent.missing).toEqual([{ from: NOON, to: minutes(2) }]);
    router.alive(minutes(1) + GRACE - 1);
    await pass(2_000, true);
    expect(await missing(NOON, minutes(3))).toEqual([[NOON, minutes(3)]]);
    router.alive(minutes(1) + GRACE);
    await pass(2_000, true);
    expect(await missing(NOON, minutes(3))).toEqual([[minutes(1), minutes(3)]]);
    router.alive();
    const { missing: left, series } = await service.getCandles({
      ...KEY,
      from: NOON,
      to: minutes(3),
    });
    expect(left).toEqual([]);
    expect(series.length).toBe(1);
  });

  it.each(['service', 'router'] as const)('is not covered by closing the %s', async (which) => {
    const { router, service, deal, pass, storage } = await openLiveDesk();
    const entries: unknown[] = [];
    storage.changes.subscribe((event) => {
      if (event.type === 'coverage') entries.push(event.interval);
    });
    router.connect();
    router.promise(KEY, NOON);
    deal(100);
    await pass(MINUTE + 30_000, true);
    if (which === 'router') router.close();
    await settle();
    await service.close();
    expect(entries).toEqual([]);
  });

  it('is covered by what comes, where the router does not say when it was last seen', async () => {
    const clock = new ManualClock(NOON);
    const router = new MuteRouter({ clock });
    const { pass, missing } = await openLiveDesk({ clock, router });
    router.connect();
    router.promise(KEY, NOON);
    await pass(3 * MINUTE);
    router.promise(OTHER);
    router.endStream(OTHER);
    await pass(2_000);
    expect(await missing(NOON, minutes(3))).toEqual([[NOON, minutes(3)]]);
    router.send({ type: 'ticker', ticker: { symbol, timestamp: clock.now(), price: 1 } });
    await pass(2_000);
    expect(await missing(NOON, minutes(3))).toEqual([]);
  });

  it('is not covered by a last sign of life that is no time, or lies far ahead', async () => {
    const clock = new ManualClock(NOON);
    class LyingRouter extends MemoryRouter {
      lie: number | undefined;
      override get lastSeen(): number | undefined {
        return this.lie;
      }
    }
    const router = new LyingRouter({ clock });
    const { pass, missing, service } = await openLiveDesk({ clock, router });
    router.connect();
    router.promise(KEY, NOON);
    for (const lie of [Number.NaN, minutes(600), NOON / 1_000]) {
      router.lie = lie;
      await pass(MINUTE);
    }
    expect(await missing(NOON, minutes(3))).toEqual([[NOON, minutes(3)]]);
    expect((await service.stats()).router?.lastRejected?.details).toMatchObject({
      field: 'lastSeen',
    });
  });

  it('is not covered by the time that passes after a last sign of life a little ahead', async () => {
    const clock = new ManualClock(NOON);
    class AheadRouter extends MemoryRouter {
      said = minutes(5);
      override get lastSeen(): number {
        return this.said;
      }
    }
    const router = new AheadRouter({ clock });
    const { pass, missing } = await openLiveDesk({ clock, router });
    router.connect();
    router.promise(KEY, NOON);
    await pass(4 * MINUTE);
    expect(await missing(NOON, minutes(3))).toEqual([[NOON, minutes(3)]]);
    router.said += 1;
    await pass(2_000);
    expect(await missing(NOON, minutes(3))).toEqual([]);
  });

  it('that nobody listened to is not covered, though the router promised it', async () => {
    const clock = new ManualClock(NOON);
    const router = new MemoryRouter({ clock });
    router.connect();
    router.promise(KEY, NOON);
    router.promise(OTHER, NOON);
    clock.advance(10 * MINUTE + 20_000);
    const { deal, pass, missing, service } = await openLiveDesk({ clock, router });
    await pass(3 * MINUTE);
    expect(await missing(NOON, minutes(13))).toEqual([[NOON, minutes(11)]]);
    await service.close();

    // The state of the candle under way is in the router's memory, all of it.
    clock.advance(10_000);
    deal(100);
    const next = await openLiveDesk({ clock, router });
    await next.pass(MINUTE);
    expect(await next.missing(minutes(12), minutes(14))).toEqual([[minutes(12), minutes(13)]]);
    expect(await next.missing(minutes(12), minutes(14), OTHER)).toEqual([
      [minutes(12), minutes(14)],
    ]);
    expect((await next.storage.candles.read(KEY)).length).toBe(1);
  });

  it('that a promise told late reaches back to is not covered', async () => {
    const { router, pass, missing } = await openLiveDesk();
    router.connect();
    await pass(5 * MINUTE + 20_000);
    router.promise(KEY, NOON);
    await pass(2 * MINUTE);
    expect(await missing(NOON, minutes(7))).toEqual([[NOON, minutes(5)]]);
  });
});

describe('what was covered', () => {
  type Desk = Awaited<ReturnType<typeof openLiveDesk>>;
  const at = minutes(10);
  const ways: readonly (readonly [string, (desk: Desk) => void])[] = [
    ['lost', ({ router }) => router.drop({ lastSeen: at })],
    [
      'ended, then lost earlier',
      ({ router }) => {
        router.endStream(KEY);
        router.drop({ lastSeen: at });
      },
    ],
    [
      'lost, then lost earlier',
      ({ router, clock }) => {
        router.drop({ lastSeen: clock.now() });
        router.drop({ lastSeen: at });
      },
    ],
    [
      'lost, then lost later',
      ({ router, clock }) => {
        router.drop({ lastSeen: at });
        tellLost(router, clock.now());
        tellLost(router, at + 1);
      },
    ],
    [
      'closed earlier after it was lost',
      ({ router, clock }) => {
        router.drop({ lastSeen: clock.now() });
        router.tell({ type: 'connection', connection: { status: 'closed', since: at } });
      },
    ],
    [
      'ended twice',
      ({ router, clock }) => {
        router.endStream(KEY, clock.now());
        router.tell({ type: 'streamEnded', key: KEY, at });
        router.tell({ type: 'streamEnded', key: KEY, at: clock.now() });
      },
    ],
    [
      'lost earlier after the reconnect',
      ({ router, clock }) => {
        router.drop({ lastSeen: clock.now() });
        router.connect();
        tellLost(router, at);
        router.connect();
      },
    ],
  ];
  const tellLost = (router: MemoryRouter, since: number): void => {
    router.tell({ type: 'connection', connection: { status: 'reconnecting', since } });
  };

  it.each(ways)('is taken back to the earliest end of the promise: %s', async (_, end) => {
    const desk = await openLiveDesk();
    const { router, pass, missing } = desk;
    router.connect();
    router.promise(KEY, NOON);
    await pass(15 * MINUTE + 3_000);
    expect(await missing(NOON, minutes(15))).toEqual([]);
    end(desk);
    await pass(2_000);
    expect(await missing(NOON, minutes(15))).toEqual([[minutes(9), minutes(15)]]);
  });

  it.each(ways)('and taken back is fetched after the next promise: %s', async (_, end) => {
    const desk = await openLiveDesk({ fetches: true });
    const { router, pass, market, missing, storage } = desk;
    router.connect();
    router.promise(KEY, NOON);
    await pass(10 * MINUTE);
    for (let minute = 0; minute < 5; minute += 1) {
      market.trade(100 + minute); // unheard
      await pass(MINUTE);
    }
    await pass(3_000);
    end(desk);
    await pass(MINUTE);
    if (router.connection.status === 'reconnecting') router.connect();
    router.promise(KEY);
    await pass(3 * MINUTE);
    if (_ === 'closed earlier after it was lost') return;
    expect(await missing(NOON, minutes(18))).toEqual([]);
    const stored = await storage.candles.read(KEY);
    expect(stored.toArray()).toEqual(market.candles(KEY, NOON, minutes(18)));
  });

  it('by the connection before is kept once something has come over the next one', async () => {
    const { router, pass, missing } = await openLiveDesk();
    router.connect();
    router.promise(KEY, NOON);
    await pass(30 * MINUTE);
    router.drop();
    router.connect();
    await pass(20 * MINUTE);
    router.tell({ type: 'connection', connection: { status: 'reconnecting', since: NOON } });
    await pass(2_000);
    const left = await missing(NOON, minutes(29));
    // The last sixteen periods can still be withdrawn, and so can all that the present connection claims.
    expect(left).toEqual([]);
    expect(await missing(minutes(31), minutes(49))).toEqual([[minutes(31), minutes(49)]]);
  });

  it('is not believed again because the promise is told once more', async () => {
    const { router, pass, missing } = await openLiveDesk();
    router.connect();
    router.promise(KEY, NOON);
    const told: RouterEvent = { type: 'stream', stream: { key: KEY, since: NOON } };
    await pass(3 * MINUTE);
    router.tell({ type: 'streamEnded', key: KEY, at: minutes(1) });
    router.tell(told);
    await pass(2 * MINUTE);
    router.tell(told);
    await pass(MINUTE);
    expect(await missing(NOON, minutes(5))).toEqual([[NOON, minutes(3)]]);
  });

  it('is withdrawn as a whole when the end of a promise cannot be read', async () => {
    const { router, pass, missing } = await openLiveDesk();
    router.connect();
    router.promise(KEY, NOON);
    router.promise(OTHER, NOON);
    await pass(3 * MINUTE + 3_000);
    router.tell({ type: 'streamEnded', key: KEY, at: Number.NaN });
    await pass(2_000);
    expect(await missing(NOON, minutes(3))).toEqual([[NOON, minutes(3)]]);
    expect(await missing(NOON, minutes(3), OTHER)).toEqual([]);
    const connection = { status: 'reconnecting', since: NOON / 1_000 } as const;
    router.tell({ type: 'connection', connection });
    await pass(2_000);
    expect(await missing(NOON, minutes(3), OTHER)).toEqual([[NOON, minutes(3)]]);
  });

  it('without a candle that was refused is spoiled, and the other periods are not', async () => {
    const { router, market, pass, missing, clock } = await openLiveDesk();
    router.connect();
    router.promise(KEY, NOON);
    router.promise(OTHER, NOON);
    await pass(5 * MINUTE + 10_000);
    const live = market.stateAt(KEY, market.trade(100));
    router.tell({ type: 'candle', live: { ...live, candle: { ...live.candle, volume: -1 } } });
    await pass(2 * MINUTE);
    expect(await missing(NOON, minutes(7))).toEqual([[minutes(5), minutes(6)]]);
    const early = { ...live.candle, timestamp: minutes(1) };
    router.tell({ type: 'candle', live: { key: KEY, candle: early, asOf: Number.NaN } });
    router.tell({ type: 'candle', live: { key: KEY, asOf: clock.now() } } as never);
    await pass(2 * MINUTE);
    expect(await missing(NOON, minutes(9))).toEqual([
      [minutes(1), minutes(2)],
      [minutes(5), minutes(8)],
    ]);
    expect(await missing(NOON, minutes(9), OTHER)).toEqual([]);
  });

  it('without a candle that was refused is spoiled, by a clock that is behind, too', async () => {
    const { router, market, pass, missing, clock } = await openLiveDesk();
    router.connect();
    router.promise(KEY, NOON);
    await pass(2 * MINUTE + 59_000);
    // The exchange's clock is two minutes ahead of ours.
    const trade = market.tradeAt(clock.now() + 2 * MINUTE, 100);
    const { candle, ...live } = market.stateAt(KEY, trade);
    router.tell({ type: 'candle', live: { ...live, candle: { ...candle, volume: -1 } } });
    await pass(4 * MINUTE);
    const left = await missing(NOON, minutes(6));
    expect(left).toEqual([[minutes(1), minutes(5)]]);
  });

  it('by a fetch that was asked for later is not replaced by what the router sent earlier', async () => {
    const { router, service, market, pass, storage } = await openLiveDesk();
    router.connect();
    router.promise(KEY, NOON);
    const early = market.stateAt(KEY, market.trade(100));
    market.trade(101);
    await pass(MINUTE + 3_000, true);
    const final = market.candles(KEY, NOON, minutes(1));
    await service.saveCandles(KEY, final, { covers: { from: NOON, to: minutes(1) } });
    router.send({ type: 'candle', live: early });
    await pass(2_000);
    expect((await storage.candles.read(KEY)).toArray()).toEqual(final);
  });

  it('and could not be taken back is not left without a word', async () => {
    const { router, pass, storage, service } = await openLiveDesk();
    router.connect();
    router.promise(KEY, NOON);
    await pass(5 * MINUTE);
    storage.error = new BarkeepError('BUSY', 'another writes', { retryable: true });
    router.drop({ lastSeen: minutes(1) });
    await pass(3_000);
    expect((await service.stats()).router?.candles?.lastError).toMatchObject({ code: 'BUSY' });
    await expect(service.close()).rejects.toMatchObject({ code: 'BUSY' });
  });
});

describe('what is promised of a connection', () => {
  it('that was made anew without a loss ends with the one before', async () => {
    const { router, pass, missing, clock } = await openLiveDesk();
    router.connect();
    router.promise(KEY, NOON);
    await pass(3 * MINUTE, true);
    const connection = { status: 'connected', since: clock.now() } as const;
    router.tell({ type: 'connection', connection });
    router.tell({ type: 'stream', stream: { key: KEY, since: minutes(3) } });
    await pass(2 * MINUTE + 3_000);
    expect(await missing(NOON, minutes(5))).toEqual([[NOON, minutes(3)]]);
  });

  it('is not ended by a connection that is told twice', async () => {
    const { router, pass, missing } = await openLiveDesk();
    router.connect();
    router.promise(KEY, NOON);
    await pass(MINUTE);
    router.tell({ type: 'connection', connection: router.connection });
    await pass(2 * MINUTE);
    expect(await missing(NOON, minutes(2))).toEqual([]);
  });
});

it('a service that is closed hears no sign of life for what it does not hear any more', async () => {
  const clock = new ManualClock(NOON);
  const storage = new TroubledStorage({ clock });
  await storage.open();
  onTestFinished(() => storage.close());
  const { router, service, pass, deal } = await openLiveDesk({ clock, storage });
  router.connect();
  router.promise(KEY, NOON);
  await pass(MINUTE - 1_000);
  const gate = Promise.withResolvers<void>();
  storage.gate = gate.promise;
  deal(100);
  const closing = service.close();
  await settle();
  clock.advance(2 * MINUTE);
  router.alive();
  gate.resolve();
  await closing;
  expect((await storage.candles.read(KEY)).length).toBe(1);
  expect(await storage.coverage.of(KEY)).toEqual([]);
});
