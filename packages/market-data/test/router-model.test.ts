import { MemoryRouter } from '@barkeep/conformance/source';
import { type EpochMs, ManualClock, type SeriesKey, timeframeGrid } from '@barkeep/core';
import { createMarketData, type IMarketDataService } from '@barkeep/market-data';
import type { RouterEvent } from '@barkeep/source';
import { MemoryStorage } from '@barkeep/storage-memory';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NOON, settle } from './fixtures.ts';
import { TradedMarket } from './traded-market.ts';

const KEY: SeriesKey = { symbol: 'KRW-BTC', timeframe: '10s' };
const SECOND = 1_000;
const GRACE_MS = 2_000;
const grid = timeframeGrid(KEY.timeframe);

type Message = Parameters<MemoryRouter['send']>[0];

/** A message that leaves the exchange later than what it tells, or a second time. */
interface Delayed {
  readonly at: EpochMs;
  readonly message: Message;
}

/** What happens within a second. */
interface Step {
  readonly trades: number;
  /** Less than the grace. */
  readonly delayMs: number;
  readonly repeatsAfterMs: number;
  readonly event: 'nothing' | 'die' | 'notice' | 'connect' | 'read';
}

const step = fc.record<Step>({
  trades: fc.nat(2),
  delayMs: fc.constantFrom(0, 0, 300, 1_400),
  repeatsAfterMs: fc.constantFrom(0, 0, 800, 15_000),
  event: fc.oneof(
    { weight: 12, arbitrary: fc.constant('nothing' as const) },
    { weight: 1, arbitrary: fc.constantFrom('die' as const, 'notice' as const) },
    { weight: 2, arbitrary: fc.constantFrom('connect' as const, 'read' as const) },
  ),
});

/** An exchange, its connection, and a service that listens. */
class Scene {
  readonly clock = new ManualClock(NOON);
  readonly market = new TradedMarket(this.clock);
  readonly router = new MemoryRouter({ clock: this.clock });
  readonly storage = new MemoryStorage({ clock: this.clock });
  /** When the connection died, noticed or not. */
  #diedAt: EpochMs | undefined;
  #delayed: Delayed[] = [];
  #prices = 0;

  async live({ trades, delayMs, repeatsAfterMs, event }: Step, service: IMarketDataService) {
    this.#happen(event);
    if (event === 'read') await this.#read(service);
    for (let trade = 0; trade < trades; trade += 1) this.#trade(delayMs, repeatsAfterMs);
    for (let part = 0; part < 2; part += 1) {
      this.clock.advance(SECOND / 2);
      this.#deliver();
      await settle();
    }
    if (this.#isTrusted) await this.#checkCovered();
  }

  connect(): void {
    if (this.router.connection.status === 'connected') return;
    this.#diedAt = undefined;
    this.router.connect();
    if (this.router.streams.length === 0) this.router.promise(KEY);
    // Exchanges send the state of the candle once more.
    const last = this.market.trades.at(-1);
    if (last !== undefined) this.#send(this.#messages(last.id));
  }

  notice(): void {
    if (this.router.connection.status !== 'connected') return;
    this.router.drop({ lastSeen: this.#diedAt ?? this.clock.now() });
    this.#diedAt ??= this.clock.now();
  }

  /** Everything that has ended is stored as it was traded, each candle once. */
  async checkWhole(): Promise<void> {
    const to = grid.floor(this.clock.now() - GRACE_MS);
    const range = { from: NOON, to };
    expect(await this.storage.coverage.missing(KEY, range)).toEqual([]);
    const stored = await this.storage.candles.read({ ...KEY, ...range });
    expect(stored.toArray()).toEqual(this.market.candles(KEY, NOON, to));
  }

  /** Before its death is noticed, a dead connection looks like a market without trades. */
  get #isTrusted(): boolean {
    return this.#diedAt === undefined || this.router.connection.status !== 'connected';
  }

  #happen(event: Step['event']): void {
    if (event === 'die' && this.router.connection.status === 'connected') {
      this.#diedAt ??= this.clock.now();
    }
    if (event === 'notice') this.notice();
    if (event === 'connect') this.connect();
  }

  #trade(delayMs: number, repeatsAfterMs: number): void {
    const { id } = this.market.trade(100 + ((this.#prices++ * 7) % 13));
    const now = this.clock.now();
    for (const message of this.#messages(id)) {
      this.#delayed.push({ at: now + delayMs, message });
      if (repeatsAfterMs > 0) this.#delayed.push({ at: now + delayMs + repeatsAfterMs, message });
    }
  }

  #messages(id: string): Message[] {
    const trade = this.market.trades.find((one) => one.id === id);
    if (trade === undefined) return [];
    const state = this.market.stateAt(KEY, trade);
    // Several trades of one instant are told in their order.
    const live = { ...state, asOf: NOON + Number(id) };
    return [
      { type: 'trades', symbol: KEY.symbol, trades: [trade] },
      { type: 'candle', live },
    ];
  }

  #deliver(): void {
    const now = this.clock.now();
    const due = this.#delayed.filter(({ at }) => at <= now);
    this.#delayed = this.#delayed.filter(({ at }) => at > now);
    this.#send(due.map(({ message }) => message));
  }

  /** What is sent over a dead connection is lost. */
  #send(messages: readonly Message[]): void {
    if (this.#diedAt !== undefined) return;
    for (const message of messages) this.router.send(message);
  }

  async #read(service: IMarketDataService): Promise<void> {
    const { series, missing, range } = await service.getCandles({ ...KEY, limit: 5 });
    if (!this.#isTrusted || range === undefined) return;
    const ended = grid.floor(this.clock.now() - GRACE_MS);
    const { from } = range;
    if (missing.length > 0 || from >= ended) return;
    expect(series.between(from, ended).toArray()).toEqual(this.market.candles(KEY, from, ended));
  }

  async #checkCovered(): Promise<void> {
    for (const { from, to } of await this.storage.coverage.of(KEY)) {
      const stored = await this.storage.candles.read({ ...KEY, from, to });
      expect(stored.toArray()).toEqual(this.market.candles(KEY, from, to));
    }
  }
}

it('keeps what is covered true, and leaves no gap and no duplicate, whatever the connection does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), async (steps) => {
      const scene = new Scene();
      const { storage, router, market, clock } = scene;
      const heard: RouterEvent[] = [];
      router.subscribe((event) => heard.push(event));
      const service = await createMarketData({
        storage,
        router,
        coordinator: market,
        clock,
        fetching: { closeGraceMs: GRACE_MS },
      });
      try {
        await storage.coverage.add(KEY, { from: NOON - 10_000, to: NOON }, { source: 'earlier' });
        scene.connect();
        for (const one of steps) await scene.live(one, service);
        scene.notice();
        scene.connect();
        const quiet: Step = { trades: 0, delayMs: 0, repeatsAfterMs: 0, event: 'nothing' };
        for (let second = 0; second < 30; second += 1) await scene.live(quiet, service);
        await scene.checkWhole();
        const ids = (await service.getTrades(KEY.symbol)).map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(heard.length).toBeGreaterThan(0);
      } finally {
        await service.close();
      }
    }),
    { numRuns: 60 },
  );
}, 120_000);
