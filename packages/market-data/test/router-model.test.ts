import {
  BarkeepError,
  type EpochMs,
  ManualClock,
  normalizeIntervals,
  type SeriesKey,
  subtractIntervals,
  timeframeGrid,
} from '@barkeep/core';
import {
  type CandleAnswer,
  type CandleDelivery,
  type CandleRequest,
  createMarketData,
  type IMarketDataService,
} from '@barkeep/market-data';
import type { RouterEvent } from '@barkeep/source';
import { MemoryRouter } from '@barkeep/source-memory';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { budget, propertyBudget } from '../../../tools/test-budget.ts';
import { NOON, settle } from './fixtures.ts';
import { TroubledStorage } from './live-desk.ts';
import { TradedMarket } from './traded-market.ts';

const KEY: SeriesKey = { symbol: 'KRW-BTC', timeframe: '2s' };
const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
/** Longer than any message takes. */
const GRACE_MS = 1_000;
const grid = timeframeGrid(KEY.timeframe);
const BUSY = new BarkeepError('BUSY', 'another writes', { retryable: true });

type Message = Parameters<MemoryRouter['send']>[0];

/** A message that leaves the exchange later than what it tells, or a second time. */
interface Delayed {
  readonly at: EpochMs;
  readonly message: Message;
}

type Happening =
  | { readonly does: 'nothing' | 'connect' | 'repeatPromise' }
  /** Something may be traded while nobody listens. */
  | { readonly does: 'restart'; readonly trades: number }
  /** What was traded just before was heard by nobody, and the clock says that it is yet to come. */
  | { readonly does: 'connectBehind'; readonly errorMs: number }
  /** The state of the candle that a trade leads to cannot be read. */
  | { readonly does: 'garble' }
  /** Everything, or all but the pongs, is lost from now on. */
  | { readonly does: 'die'; readonly answersPings: boolean }
  /** Of a connection that lost everything, the router may claim more than came. */
  | { readonly does: 'notice' | 'end'; readonly agoMs: number }
  | { readonly does: 'promise'; readonly withState: boolean }
  | { readonly does: 'repeatEnd'; readonly which: number }
  | { readonly does: 'read'; readonly limit: number }
  | { readonly does: 'sleep'; readonly ms: number; readonly dies: boolean }
  | { readonly does: 'setClock'; readonly errorMs: number }
  | { readonly does: 'storage'; readonly is: 'well' | 'failing' | 'slow' };

/** What happens within a second. */
interface Step {
  readonly trades: number;
  readonly delayMs: number;
  readonly repeatsAfterMs: number;
  readonly isPinged: boolean;
  readonly happening: Happening;
}

const constant = <Does extends string>(does: Does) => fc.constant(does);
const nothing = fc.record({ does: constant('nothing') });
const read = fc.record({ does: constant('read'), limit: fc.constantFrom(3, 100) });
const connection = fc.oneof<fc.Arbitrary<Happening>[]>(
  fc.record({ does: fc.constantFrom('connect', 'connect', 'repeatPromise') }),
  fc.record({ does: constant('die'), answersPings: fc.boolean() }),
  fc.record({
    does: fc.constantFrom('notice', 'end'),
    agoMs: fc.constantFrom(-1_000_000, 0, 0, 3_000, 25_000),
  }),
  fc.record({ does: constant('promise'), withState: fc.boolean() }),
  fc.record({ does: constant('garble') }),
  fc.record({ does: constant('repeatEnd'), which: fc.nat(9) }),
);
const machine = fc.oneof<fc.Arbitrary<Happening>[]>(
  fc.record({
    does: constant('setClock'),
    errorMs: fc.constantFrom(
      -9 * HOUR,
      -90_000,
      -7_000,
      -7_000,
      0,
      0,
      0,
      0,
      7_000,
      7_000,
      90_000,
      9 * HOUR,
    ),
  }),
  fc.record({
    does: constant('sleep'),
    ms: fc.constantFrom(4_000, 15_000, 600_000),
    dies: fc.boolean(),
  }),
  fc.record({ does: constant('connectBehind'), errorMs: fc.constantFrom(-3_000, -7_000, -90_000) }),
);
const storage = fc.oneof<fc.Arbitrary<Happening>[]>(
  fc.record({
    does: constant('storage'),
    is: fc.constantFrom('well', 'well', 'well', 'failing', 'slow'),
  }),
  fc.record({ does: constant('restart'), trades: fc.constantFrom(0, 1) }),
);

/** Steps in which some things happen more often than others. */
function stepsOf(connections: number, machines: number, storages: number): fc.Arbitrary<Step[]> {
  const step = fc.record<Step>({
    trades: fc.constantFrom(0, 0, 1, 2),
    delayMs: fc.constantFrom(0, 0, 200, 700),
    repeatsAfterMs: fc.constantFrom(0, 0, 600, 7_000, 50_000),
    isPinged: fc.constantFrom(true, true, false),
    happening: fc.oneof<fc.WeightedArbitrary<Happening>[]>(
      { weight: 6, arbitrary: nothing },
      { weight: 3, arbitrary: read },
      { weight: connections, arbitrary: connection },
      { weight: machines, arbitrary: machine },
      { weight: storages, arbitrary: storage },
    ),
  });
  return fc.array(step, { minLength: 1, maxLength: 90 });
}

const life = fc.record({
  fetches: fc.boolean(),
  steps: fc.oneof(stepsOf(6, 0, 0), stepsOf(5, 0, 4), stepsOf(4, 2, 0), stepsOf(4, 2, 3)),
});

const QUIET: Step = {
  trades: 0,
  delayMs: 0,
  repeatsAfterMs: 0,
  isPinged: true,
  happening: { does: 'nothing' },
};

/** An exchange whose answers say when they were made. */
class HonestMarket extends TradedMarket {
  readonly #now: () => EpochMs;

  constructor(now: () => EpochMs) {
    super(new ManualClock());
    this.#now = now;
  }

  override async fetchCandles(request: CandleRequest): Promise<CandleDelivery> {
    return { ...(await super.fetchCandles(request)), asOf: this.#now() };
  }
}

/** An exchange, the connection to it, and a service that listens, on a machine whose clock is not trusted. */
class Scene {
  readonly clock = new ManualClock(NOON);
  readonly market = new HonestMarket(() => this.now);
  readonly router = new MemoryRouter({ clock: this.clock });
  readonly storage = new TroubledStorage({ clock: this.clock });
  readonly #fetches: boolean;
  #service: IMarketDataService | undefined;
  #release: (() => void) | undefined;
  readonly #reads: Promise<void>[] = [];
  /** Of the time that really passed, what the machine slept. */
  #sleptMs = 0;
  #clockErrorMs = 0;
  /** By the exchange's clock, when the connection died, and nobody has noticed. */
  #diedAt: EpochMs | undefined;
  #answersPings = false;
  #delayed: Delayed[] = [];
  #prices = 0;
  readonly #ends: RouterEvent[] = [];

  constructor(fetches: boolean) {
    this.#fetches = fetches;
    this.router.subscribe((event) => {
      const isLoss = event.type === 'connection' && event.connection.status === 'reconnecting';
      if (isLoss || event.type === 'streamEnded') this.#ends.push(event);
    });
    // What was traded when a clock that is hours behind thinks it is now.
    for (let second = -600; second < 600; second += 1) {
      this.market.tradeAt(NOON - 9 * HOUR + second * SECOND, 100);
    }
  }

  /** The time by the exchange's clock, which is right. */
  get now(): EpochMs {
    return this.clock.monotonic() + this.#sleptMs;
  }

  get service(): IMarketDataService {
    if (this.#service === undefined) throw new TypeError('start the service first');
    return this.#service;
  }

  async start(): Promise<void> {
    this.#service = await createMarketData({
      storage: this.storage,
      router: this.router,
      ...(this.#fetches ? { coordinator: this.market } : {}),
      clock: this.clock,
      fetching: { closeGraceMs: GRACE_MS, retry: { maxAttempts: 1 } },
    });
  }

  async live({ trades, delayMs, repeatsAfterMs, isPinged, happening: it }: Step): Promise<void> {
    await this.#happen(it);
    for (let trade = 0; trade < trades; trade += 1) this.#trade(delayMs, repeatsAfterMs);
    for (let part = 0; part < 2; part += 1) {
      this.clock.advance(SECOND / 2);
      this.#deliver();
      if (isPinged && (this.#diedAt === undefined || this.#answersPings)) this.router.alive();
      if (isPinged) this.#sendTicker();
      await settle();
    }
  }

  /** Everything is well again, for half a minute in which nothing is traded. */
  async recover(): Promise<void> {
    this.#setStorage('well');
    this.#setClock(0);
    if (this.#diedAt !== undefined) this.#notice(0);
    this.#connect();
    if (this.router.streams.length === 0) this.router.promise(KEY);
    for (let second = 0; second < 30; second += 1) await this.live(QUIET);
    await Promise.all(this.#reads);
  }

  /** Everything that has ended is answered, and stored, as it was traded, each candle once. */
  async checkWhole(): Promise<void> {
    const range = { from: NOON, to: grid.floor(this.now - GRACE_MS) };
    const answer = await this.service.getCandles({ ...KEY, ...range });
    this.#checkAnswer(answer);
    if (this.#fetches) expect(answer.missing).toEqual([]);
    for (const { from, to } of await this.storage.coverage.of(KEY)) {
      const stored = await this.storage.candles.read({ ...KEY, from, to });
      expect(stored.toArray()).toEqual(this.market.candles(KEY, from, to));
    }
    const ids = (await this.service.getTrades(KEY.symbol)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  }

  async close(): Promise<void> {
    this.#setStorage('well');
    await this.service.close();
    await this.storage.close();
  }

  async #happen(it: Happening): Promise<void> {
    const { router } = this;
    switch (it.does) {
      case 'die':
        if (router.connection.status === 'connected') this.#die(this.now, it.answersPings);
        break;
      case 'connect':
        this.#connect();
        break;
      case 'notice':
        this.#notice(it.agoMs);
        break;
      case 'end':
        // Whoever ends it takes the router's word; what is noticed later may say less.
        router.endStream(KEY, (router.lastSeen ?? NOON) - it.agoMs);
        break;
      case 'promise':
        this.#promise(it.withState);
        break;
      case 'repeatEnd': {
        const end = this.#ends[it.which % Math.max(1, this.#ends.length)];
        if (end !== undefined) router.tell(end);
        break;
      }
      case 'repeatPromise':
        for (const stream of router.streams) router.tell({ type: 'stream', stream });
        break;
      case 'read':
        await this.#read(it.limit);
        break;
      case 'sleep':
        this.#sleep(it.ms, it.dies);
        break;
      case 'setClock':
        this.#setClock(it.errorMs);
        break;
      case 'storage':
        this.#setStorage(it.is);
        break;
      case 'restart':
        await this.#restart(it.trades);
        break;
      case 'connectBehind':
        if (router.connection.status === 'connected') this.#notice(0);
        this.#setClock(it.errorMs);
        this.market.tradeAt(this.now, 100);
        this.#connect();
        router.promise(KEY);
        break;
      case 'garble':
        this.#garble();
        break;
    }
  }

  #die(at: EpochMs, answersPings: boolean): void {
    if (this.#diedAt !== undefined) return;
    this.#diedAt = at;
    this.#answersPings = answersPings;
  }

  #notice(agoMs: number): void {
    this.router.drop({ lastSeen: this.#keptUntil(agoMs) });
    this.#diedAt = undefined;
  }

  /** By the machine's clock. Where pings were answered, what the router says at last is what counts. */
  #keptUntil(agoMs: number): EpochMs {
    const { lastSeen = NOON } = this.router;
    if (this.#diedAt === undefined || !this.#answersPings) return lastSeen - agoMs;
    return Math.min(lastSeen, this.#diedAt + this.#clockErrorMs) - Math.max(0, agoMs);
  }

  /** Exchanges send the state of the market and of the candle once more. */
  #connect(): void {
    if (this.router.connection.status === 'connected') return;
    this.router.connect();
    this.#sendTicker();
    this.#sendState();
  }

  /** Something comes every moment that shows the exchange's time. */
  #sendTicker(): void {
    const { symbol } = KEY;
    this.#send([{ type: 'ticker', ticker: { symbol, timestamp: this.now, price: 100 } }]);
  }

  #promise(withState: boolean): void {
    if (this.#diedAt !== undefined) return;
    if (withState) this.#sendState();
    this.router.promise(KEY, withState ? grid.floor(this.clock.now()) : undefined);
  }

  #sendState(): void {
    const last = this.market.trades.at(-1);
    if (last !== undefined) this.#send(this.#messages(last.id));
  }

  #trade(delayMs: number, repeatsAfterMs: number): void {
    const { id } = this.market.tradeAt(this.now, 100 + ((this.#prices++ * 7) % 13));
    for (const message of this.#messages(id)) {
      this.#delayed.push({ at: this.now + delayMs, message });
      if (repeatsAfterMs > 0) {
        this.#delayed.push({ at: this.now + delayMs + repeatsAfterMs, message });
      }
    }
  }

  #garble(): void {
    const trade = this.market.tradeAt(this.now, 100);
    if (this.#diedAt !== undefined || this.router.connection.status !== 'connected') return;
    const { candle, ...live } = this.market.stateAt(KEY, trade);
    this.router.tell({
      type: 'candle',
      live: { ...live, candle: { ...candle, high: Number.NaN } },
    });
  }

  #messages(id: string): Message[] {
    const trade = this.market.trades.find((one) => one.id === id);
    if (trade === undefined) return [];
    const state = this.market.stateAt(KEY, trade);
    // Several trades of one instant are told in their order.
    const live = { ...state, asOf: state.candle.timestamp + (Number(id) % 1_200) };
    return [
      { type: 'trades', symbol: KEY.symbol, trades: [trade] },
      { type: 'candle', live },
    ];
  }

  #deliver(): void {
    const due = this.#delayed.filter(({ at }) => at <= this.now);
    this.#delayed = this.#delayed.filter(({ at }) => at > this.now);
    this.#send(due.map(({ message }) => message));
  }

  /** What is sent over a dead connection is lost; what is far ahead of the clock is told, and refused. */
  #send(messages: readonly Message[]): void {
    if (this.#diedAt !== undefined) return;
    for (const message of messages) {
      try {
        this.router.send(structuredClone(message));
      } catch (error) {
        expect(error).toMatchObject({ code: 'INVALID_INPUT', details: { now: this.clock.now() } });
      }
    }
  }

  #sleep(ms: number, dies: boolean): void {
    this.#sendTicker();
    if (dies && this.router.connection.status === 'connected') this.#die(this.now, false);
    this.#sleptMs += ms / 2;
    this.#trade(0, 0);
    this.#sleptMs += ms / 2;
    this.clock.setWallTime(this.now + this.#clockErrorMs);
    // What the socket had taken in.
    this.#deliver();
  }

  #setClock(errorMs: number): void {
    this.#sendTicker();
    this.#clockErrorMs = errorMs;
    this.clock.setWallTime(this.now + errorMs);
  }

  #setStorage(is: 'well' | 'failing' | 'slow'): void {
    this.storage.error = is === 'failing' ? BUSY : undefined;
    if (is === 'slow') {
      if (this.#release !== undefined) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.storage.gate = promise;
      this.#release = resolve;
    } else {
      this.#release?.();
      this.#release = undefined;
      this.storage.gate = undefined;
    }
  }

  /** What a process said that could not store, or believed a wrong clock or a router, the next cannot know. */
  async #restart(trades: number): Promise<void> {
    const isTroubled = this.storage.error !== undefined || this.#release !== undefined;
    if (isTroubled || this.#clockErrorMs !== 0 || this.#isDeceived) return;
    await this.service.close();
    for (let trade = 0; trade < trades; trade += 1) this.#trade(0, 0);
    this.#deliver();
    await this.start();
  }

  /** The router itself takes the connection for alive. */
  get #isDeceived(): boolean {
    return this.#diedAt !== undefined && this.#answersPings;
  }

  /** While the storage is slow, others go on. */
  async #read(limit: number): Promise<void> {
    const reading = this.service.getCandles({ ...KEY, limit }).then((answer) => {
      if (this.#clockErrorMs === 0 && !this.#isDeceived) this.#checkAnswer(answer);
    });
    if (this.#release === undefined) await reading;
    else this.#reads.push(reading);
  }

  /** Whatever is not missing and has ended is as it was traded. */
  #checkAnswer({ series, missing, range }: CandleAnswer): void {
    if (range === undefined) return;
    const ended = { from: range.from, to: Math.min(range.to, grid.floor(this.now - GRACE_MS)) };
    answers += 1;
    for (const { from, to } of subtractIntervals(normalizeIntervals([ended]), missing)) {
      compared += grid.indexOf(to) - grid.indexOf(from);
      expect(series.between(from, to).toArray()).toEqual(this.market.candles(KEY, from, to));
    }
  }
}

let answers = 0;
let compared = 0;
afterAll(() => {
  console.log(`router: ${answers} answers, ${compared} periods of them compared`);
  // Answers that say nothing but "missing" would prove nothing.
  expect(compared).toBeGreaterThan(answers);
});

it(
  'answers with what was traded or says what is missing, whatever happens to connection, clock and storage',
  async () => {
    await fc.assert(
      fc.asyncProperty(life, async ({ fetches, steps }) => {
        const scene = new Scene(fetches);
        await scene.storage.open();
        const earlier = { from: NOON - 10 * SECOND, to: NOON };
        await scene.storage.coverage.add(KEY, earlier, { source: 'earlier' });
        await scene.start();
        try {
          scene.router.connect();
          scene.router.promise(KEY);
          for (const one of steps) await scene.live(one);
          await scene.recover();
          await scene.checkWhole();
        } finally {
          await scene.close();
        }
      }),
      propertyBudget(50),
    );
  },
  budget(60_000),
);
