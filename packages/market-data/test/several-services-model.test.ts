/**
 * Several services over one storage, against a market whose truth is known: whatever sources, clocks,
 * other services and restarts do, every period of an answer shows the truth, or is missing, or is
 * provisional and said to be.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryCache } from '@barkeep/cache-memory';
import {
  BarkeepError,
  type Candle,
  type Interval,
  intervalsContain,
  ManualClock,
  type SeriesKey,
  timeframeGrid,
} from '@barkeep/core';
import {
  type CandleAnswer,
  type CandleDelivery,
  type CandleRequest,
  createMarketData,
  type IMarketDataCoordinator,
  type IMarketDataService,
} from '@barkeep/market-data';
import { MemoryRealtime } from '@barkeep/realtime-memory';
import type { CandleQuery, IMarketDataStorage } from '@barkeep/storage';
import { MemoryStorage } from '@barkeep/storage-memory';
import { SqliteStorage } from '@barkeep/storage-sqlite';
import fc from 'fast-check';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { budget, propertyBudget } from '../../../tools/test-budget.ts';
import { MINUTE, NOON } from './fixtures.ts';

const RUNS = 60;
const SERVICES = 3;
const SETTLING_MS = 60_000;
const LONGEST_LAG_MS = 300_000;
const FAR_MS = 9 * 3_600_000;
const SERIES = 2;
/** How a source answers, one request at a time. */
const MANNERS = ['honest', 'fails', 'partial', 'late', 'very late', 'elsewhere', 'slow'] as const;
type Manner = (typeof MANNERS)[number];

/** What really happened: the same for whoever asks. `at` is true time. */
class Market {
  readonly #trades: readonly boolean[];

  constructor(trades: readonly boolean[]) {
    this.#trades = trades;
  }

  /** As far as it had come at an instant; `undefined` when nothing was traded. */
  candle(timestamp: number, at: number): Candle | undefined {
    const period = Math.floor(timestamp / MINUTE);
    if (timestamp > at || this.#trades[period % this.#trades.length] === false) return undefined;
    const seconds = Math.min(60, Math.floor((at - timestamp) / 1_000));
    const open = 1_000 + ((period * 37) % 101);
    return {
      timestamp,
      open,
      high: open + seconds,
      low: open,
      close: open + seconds,
      volume: 1 + seconds,
    };
  }

  candles({ from, to }: Interval, at: number): Candle[] {
    const candles: Candle[] = [];
    for (let timestamp = Math.ceil(from / MINUTE) * MINUTE; timestamp < to; timestamp += MINUTE) {
      const candle = this.candle(timestamp, at);
      if (candle !== undefined) candles.push(candle);
    }
    return candles;
  }
}

/** The one exchange that all services ask. */
class Source implements IMarketDataCoordinator {
  manner: Manner = 'honest';
  readonly #market: Market;
  readonly #clock: ManualClock;
  #gates: (() => void)[] = [];

  constructor(market: Market, clock: ManualClock) {
    this.#market = market;
    this.#clock = clock;
  }

  release(): void {
    for (const open of this.#gates.splice(0)) open();
  }

  async fetchCandles(request: CandleRequest): Promise<CandleDelivery> {
    const { manner } = this;
    const asked = this.#clock.monotonic();
    switch (manner) {
      case 'fails':
        throw Object.assign(new Error('no route to host'), { retryable: true });
      case 'slow':
        // What it looked at was the state of when it was asked, or of when it answers.
        await new Promise<void>((resolve) => this.#gates.push(resolve));
        return this.#deliver(request, asked % 2_000 < 1_000 ? asked : this.#clock.monotonic());
      case 'partial': {
        const middle = request.from + Math.floor((request.to - request.from) / 2 / MINUTE) * MINUTE;
        const part = { ...request, from: middle };
        return { ...this.#deliver(part, asked), covers: { from: middle, to: request.to } };
      }
      case 'late':
        return this.#deliver(request, asked - 45_000);
      case 'very late':
        return { ...this.#deliver(request, asked - LONGEST_LAG_MS), asOf: asked - LONGEST_LAG_MS };
      case 'elsewhere': {
        const length = request.to - request.from;
        const away = { from: request.from - 2 * length - MINUTE, to: request.from - length };
        const candles = this.#market.candles(away, asked);
        // Without any, it would look as if nothing was traded in what was asked for.
        return candles.length > 0 ? { candles } : this.#deliver(request, asked);
      }
      default:
        return this.#deliver(request, asked);
    }
  }

  #deliver(stretch: Interval, at: number): CandleDelivery {
    return { candles: this.#market.candles(stretch, at) };
  }
}

const place = fc.integer({ min: -40, max: 12 });
/** In minutes from where the stage begins. */
const range = fc
  .tuple(place, fc.integer({ min: 1, max: 20 }))
  .map(([from, length]): Interval => ({ from, to: from + length }));
const service = fc.nat({ max: SERVICES - 1 });
const series = fc.nat({ max: SERIES - 1 });
const shape: fc.Arbitrary<Partial<CandleQuery>> = fc.oneof(
  range,
  fc.record({ limit: fc.integer({ min: 0, max: 30 }) }),
  fc.record({ from: place, limit: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ to: place, limit: fc.integer({ min: 1, max: 20 }) }),
  fc.constant({}),
);

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      service,
      series,
      shape,
      fetches: fc.boolean(),
      waits: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('save' as const), service, series, range }) },
  fc.record({ do: fc.constant('saveCurrent' as const), service, series }),
  fc.record({ do: fc.constant('remove' as const), service, series, range }),
  fc.record({ do: fc.constant('uncover' as const), service, series, range }),
  fc.record({ do: fc.constant('invalidate' as const), service }),
  fc.record({ do: fc.constant('restart' as const), service }),
  fc.record({ do: fc.constant('retain' as const), service, waits: fc.boolean() }),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.oneof(fc.integer({ min: 1, max: 70_000 }), fc.constantFrom(2_000, 60_000, 300_000)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('manner' as const),
      manner: fc.constantFrom(...MANNERS),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const) }) },
  fc.record({
    do: fc.constant('jump' as const),
    toMs: fc.constantFrom(90_000, 900_000, FAR_MS, -90_000, -FAR_MS),
  }),
  fc.record({ do: fc.constant('setRight' as const) }),
  // What rarely comes about by chance: one service asks while another acts.
  fc.record({
    do: fc.constantFrom('answeredLate', 'wasAhead', 'diedAhead', 'removedElsewhere'),
    service,
    other: service,
    series,
    range,
  }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

type Meeting = Extract<Step, { readonly other: number }>;

let answers = 0;
let final = 0;
afterAll(() => {
  console.log(`several services: ${answers} answers, ${final} periods of them compared`);
  // Answers that say nothing but "missing" would prove nothing.
  expect(final).toBeGreaterThan(answers);
});

/** Opened once: each stage has series of its own in it. */
interface House {
  readonly clock: ManualClock;
  readonly storages: readonly IMarketDataStorage[];
  /** Whether what it does takes real time. */
  readonly isSlow: boolean;
}

async function openMemory(): Promise<House> {
  const clock = new ManualClock(NOON + MINUTE / 2);
  const shared = new MemoryStorage({ clock });
  await shared.open();
  onTestFinished(() => shared.close());
  return { clock, storages: Array.from({ length: SERVICES }, () => shared), isSlow: false };
}

async function openSqlite(): Promise<House> {
  const clock = new ManualClock(NOON + MINUTE / 2);
  const directory = await mkdtemp(join(tmpdir(), 'barkeep-model-'));
  const path = join(directory, 'market_data.sqlite3');
  const storages = Array.from(
    { length: SERVICES },
    () => new SqliteStorage({ path, clock, changePollMs: 5_000, readers: 1 }),
  );
  for (const storage of storages) await storage.open();
  onTestFinished(async () => {
    for (const storage of storages) await storage.close();
    await rm(directory, { recursive: true, force: true });
  });
  return { clock, storages, isSlow: true };
}

it.each([
  ['one storage in memory', openMemory, RUNS],
  ['a SQLite file', openSqlite, Math.ceil(RUNS / 4)],
])(
  'several services over %s show the truth, or say what is missing',
  { timeout: budget(60_000) },
  async (_, open, usualRuns) => {
    const house = await open();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
        fc.array(step, { minLength: 5, maxLength: 40 }),
        async (trades, steps) => {
          const stage = await Stage.open(house, trades);
          try {
            for (const one of steps) await stage.play(one);
            await stage.finish();
          } finally {
            await stage.close();
          }
        },
      ),
      propertyBudget(usualRuns),
    );
  },
);

let stages = 0;

class Stage {
  readonly #house: House;
  readonly #clock: ManualClock;
  readonly #market: Market;
  readonly #source: Source;
  readonly #keys: readonly SeriesKey[];
  /** The start of a minute, the one in which the stage began. */
  readonly #base: number;
  readonly #services: IMarketDataService[] = [];
  #pending: Promise<void>[] = [];
  /** Moved by every jump: answers on whose way the clock was set are not compared. */
  #jumps = 0;
  #isClockRight = true;
  /** Less far than a stage lasts, since it was last right or behind. */
  #wasSlightlyAhead = false;

  private constructor(house: House, trades: readonly boolean[]) {
    stages += 1;
    this.#house = house;
    this.#clock = house.clock;
    this.#market = new Market(trades);
    this.#source = new Source(this.#market, this.#clock);
    this.#base = Math.floor(this.#now() / MINUTE) * MINUTE;
    this.#keys = Array.from({ length: SERIES }, (_, i): SeriesKey => {
      return { symbol: `${stages}-${i}`, timeframe: '1m' };
    });
  }

  static async open(house: House, trades: readonly boolean[]): Promise<Stage> {
    const stage = new Stage(house, trades);
    for (let i = 0; i < SERVICES; i += 1) await stage.#start(i);
    return stage;
  }

  async play(one: Step): Promise<void> {
    switch (one.do) {
      case 'read': {
        const reading = this.#read(one);
        if (one.waits) await this.#through(reading);
        else this.#pending.push(reading);
        // Its failure is raised in the end, when it is awaited.
        reading.catch(() => {});
        break;
      }
      case 'save': {
        // Nobody who saves is wrong: what has not ended is not said to be complete.
        const at = this.#now();
        const { from, to } = this.#stretch(one.range);
        const covers = { from, to: Math.min(to, Math.floor(at / MINUTE) * MINUTE) };
        if (covers.from >= covers.to) break;
        const candles = this.#market.candles(covers, at);
        await this.#saved(this.#service(one).saveCandles(this.#key(one), candles, { covers }));
        break;
      }
      case 'saveCurrent': {
        const at = this.#now();
        const current = this.#market.candle(Math.floor(at / MINUTE) * MINUTE, at);
        if (current === undefined) break;
        await this.#saved(this.#service(one).saveCandles(this.#key(one), [current]));
        break;
      }
      case 'remove':
        await this.#through(
          this.#storage(one).candles.remove(this.#key(one), this.#stretch(one.range)),
        );
        break;
      case 'uncover':
        await this.#through(
          this.#storage(one).coverage.remove(this.#key(one), this.#stretch(one.range)),
        );
        break;
      case 'invalidate':
        await this.#through(this.#service(one).invalidate());
        break;
      case 'restart':
        // What a process wrote by a clock ahead, and left, shows only until the clock gets there.
        if (this.#wasSlightlyAhead) break;
        await this.#through(this.#service(one).close());
        await this.#start(one.service);
        break;
      case 'retain': {
        const run = this.#retain(one);
        if (one.waits) await this.#through(run);
        else this.#pending.push(run);
        run.catch(() => {});
        break;
      }
      case 'wait':
        this.#clock.advance(one.ms);
        await this.#idle();
        break;
      case 'manner':
        this.#source.manner = one.manner;
        break;
      case 'release':
        this.#source.release();
        await this.#idle();
        break;
      case 'jump':
        await this.#setWallTime(this.#now() + one.toMs);
        break;
      case 'setRight':
        await this.#setWallTime(this.#now());
        break;
      case 'answeredLate':
        await this.#answeredLate(one);
        break;
      case 'wasAhead':
        await this.#wasAhead(one);
        break;
      case 'diedAhead':
        await this.#diedAhead(one);
        break;
      case 'removedElsewhere':
        await this.#removedElsewhere(one);
        break;
    }
  }

  /** A source is asked during a period, and answers when another service has stored all of it. */
  async #answeredLate({ service, other, series }: Meeting): Promise<void> {
    const shape = this.#aroundNow(1);
    const reading = { do: 'read', series, shape } as const;
    await this.play({ do: 'manner', manner: 'slow' });
    await this.play({ ...reading, service, fetches: true, waits: false });
    await this.#idle();
    await this.play({ do: 'wait', ms: 130_000 });
    await this.play({ do: 'save', service: other, series, range: shape });
    await this.play({ do: 'release' });
    await this.play({ do: 'manner', manner: 'honest' });
    await this.play({ ...reading, service: other, fetches: false, waits: true });
  }

  /** A service fetches by a clock that is ahead, which is set right; the others come to what it has covered. */
  async #wasAhead({ service, other, series }: Meeting): Promise<void> {
    const shape = this.#aroundNow(1);
    const reading = { do: 'read', series, shape, waits: true } as const;
    await this.play({ do: 'manner', manner: 'honest' });
    await this.play({ do: 'jump', toMs: 90_000 });
    await this.play({ ...reading, service, fetches: true });
    await this.play({ do: 'setRight' });
    await this.play({ do: 'wait', ms: 130_000 });
    await this.play({ ...reading, service: other, fetches: false });
  }

  /** The same, by a clock far ahead, and the service has ended before that is set right. */
  async #diedAhead({ service, other, series }: Meeting): Promise<void> {
    const shape = this.#aroundNow(5);
    const reading = { do: 'read', series, shape, waits: true } as const;
    await this.play({ do: 'setRight' });
    await this.play({ do: 'manner', manner: 'honest' });
    await this.play({ do: 'jump', toMs: FAR_MS });
    await this.play({ ...reading, service, fetches: true });
    await this.play({ do: 'restart', service });
    await this.play({ do: 'setRight' });
    await this.play({ do: 'wait', ms: 130_000 });
    await this.play({ ...reading, service: other, fetches: false });
  }

  /** A service knows a stretch, another removes some of it, and the first one reads beyond. */
  async #removedElsewhere({ service, other, series, range }: Meeting): Promise<void> {
    const reading = { do: 'read', service, series, waits: true } as const;
    await this.play({ do: 'setRight' });
    await this.play({ do: 'manner', manner: 'honest' });
    await this.play({ ...reading, shape: range, fetches: true });
    const part = { from: range.from, to: Math.ceil((range.from + range.to) / 2) };
    await this.play({ do: 'remove', service: other, series, range: part });
    await this.play({ ...reading, shape: { ...range, from: range.from - 9 }, fetches: false });
  }

  /** The minute under way with its neighbours, as in the steps. */
  #aroundNow(after: number): Interval {
    const minute = Math.floor((this.#now() - this.#base) / MINUTE);
    return { from: minute - 1, to: minute + after };
  }

  /** Everything is answered in the end, whatever went on. */
  async finish(): Promise<void> {
    await this.#setWallTime(this.#now());
    this.#source.manner = 'honest';
    this.#source.release();
    await this.#through(Promise.all(this.#pending));
    const shape = { from: -40, to: 0 };
    for (let series = 0; series < SERIES; series += 1) {
      for (let service = 0; service < SERVICES; service += 1) {
        await this.#through(this.#read({ service, series, shape, fetches: true }));
      }
    }
  }

  async close(): Promise<void> {
    this.#source.release();
    await this.#setWallTime(this.#now());
    for (const one of this.#services) await this.#through(one.close());
  }

  /** The truth's time. */
  #now(): number {
    return this.#clock.monotonic();
  }

  #service({ service }: { readonly service: number }): IMarketDataService {
    const found = this.#services[service];
    if (found === undefined) throw new TypeError('no such service');
    return found;
  }

  #storage({ service }: { readonly service: number }): IMarketDataStorage {
    const found = this.#house.storages[service];
    if (found === undefined) throw new TypeError('no such storage');
    return found;
  }

  #key({ series }: { readonly series: number }): SeriesKey {
    const key = this.#keys[series];
    if (key === undefined) throw new TypeError('no such series');
    return key;
  }

  #stretch({ from, to }: Interval): Interval {
    return { from: this.#base + from * MINUTE, to: this.#base + to * MINUTE };
  }

  #bounds({ from, to }: Partial<CandleQuery>): Partial<Interval> {
    return {
      ...(from === undefined ? {} : { from: this.#base + from * MINUTE }),
      ...(to === undefined ? {} : { to: this.#base + to * MINUTE }),
    };
  }

  async #start(i: number): Promise<void> {
    const clock = this.#clock;
    this.#services[i] = await createMarketData({
      storage: this.#storage({ service: i }),
      realtime: new MemoryRealtime({ clock }),
      cache: new MemoryCache({ clock, maxEntries: 6 }),
      clock,
      coordinator: this.#source,
      retention: [{ symbolPrefix: `${stages}-`, keep: '20m' }],
      candleCache: { pagePeriods: 8, maxPagesPerRead: 4, maxAnswers: 4 },
      fetching: {
        maxPeriodsPerFetch: 16,
        maxSearchRounds: 3,
        maxConcurrentFetches: 2,
        // A slow answer may come long after others have fetched the same.
        timeoutMs: 3_600_000,
        settlingMs: SETTLING_MS,
        retry: { maxAttempts: 2, baseDelayMs: 500 },
      },
    });
  }

  /** By a clock that is behind, the candles of today are of the future. */
  async #saved(saving: Promise<unknown>): Promise<void> {
    const isBehind = this.#clock.now() < this.#now();
    await this.#through(
      saving.catch((error) => {
        if (!isBehind || !BarkeepError.is(error, 'INVALID_INPUT')) throw error;
      }),
    );
  }

  /** A service takes back at once what it said by a clock that was ahead; no time passes meanwhile. */
  async #setWallTime(instant: number): Promise<void> {
    if (this.#clock.now() === instant) return;
    this.#clock.setWallTime(instant);
    this.#jumps += 1;
    const aheadMs = instant - this.#now();
    this.#isClockRight = aheadMs === 0;
    this.#wasSlightlyAhead = aheadMs > 0 && (aheadMs < FAR_MS || this.#wasSlightlyAhead);
    const nothing = { symbol: `${stages}-nothing`, timeframe: '1m', limit: 1 } as const;
    for (const one of this.#services) await one.getCandles(nothing, { fetchMissing: false });
  }

  async #retain(which: { readonly service: number }): Promise<void> {
    try {
      const { series } = await this.#service(which).applyRetention({ candlesPerStep: 7 });
      for (const { error } of series) if (error !== undefined) throw error;
    } catch (error) {
      // It was closed meanwhile, to be opened again.
      expect(error).toMatchObject({ code: 'NOT_OPEN' });
    }
  }

  async #read({
    service,
    series,
    shape,
    fetches,
  }: {
    readonly service: number;
    readonly series: number;
    readonly shape: Partial<CandleQuery>;
    readonly fetches: boolean;
  }): Promise<void> {
    const { jumps, began } = { jumps: this.#jumps, began: this.#now() };
    const isRight = this.#isClockRight;
    let answer: CandleAnswer;
    try {
      answer = await this.#service({ service }).getCandles(
        { ...this.#key({ series }), ...shape, ...this.#bounds(shape) },
        { fetchMissing: fetches },
      );
    } catch (error) {
      // It was closed meanwhile, to be opened again.
      expect(error).toMatchObject({ code: 'NOT_OPEN' });
      return;
    }
    answers += 1;
    if (isRight && jumps === this.#jumps) this.#compare(answer, began, shape);
  }

  #compare(answer: CandleAnswer, began: number, shape: Partial<CandleQuery>): void {
    const { range, missing, lastMayChange, retainedFrom = 0 } = answer;
    const shown = new Map(answer.series.toArray().map((candle) => [candle.timestamp, candle]));
    expect(shown.size).toBe(answer.series.length);
    expect(shown.size).toBeLessThanOrEqual(shape.limit ?? Number.POSITIVE_INFINITY);
    expect(missing.every(({ from }) => from >= retainedFrom)).toBe(true);
    // What was saved before the floor is shown, and nothing is said of it.
    for (const at of shown.keys()) if (at < retainedFrom) shown.delete(at);
    if (range === undefined) {
      expect(shown.size).toBe(0);
      return;
    }
    for (const at of shown.keys()) expect(at >= range.from && at < range.to).toBe(true);
    const grid = timeframeGrid('1m');
    for (let at = grid.ceil(range.from); at < range.to; at = grid.shift(at)) {
      const end = grid.shift(at);
      // The grace after the end, in which a period counts as under way.
      if (end + 2_000 > began) break;
      if (intervalsContain(missing, { from: at, to: end })) continue;
      const isProvisional = lastMayChange && end > began - SETTLING_MS - LONGEST_LAG_MS;
      if (isProvisional) continue;
      final += 1;
      const truth = this.#market.candle(at, end);
      expect({ at, candle: shown.get(at) }, new Date(at).toISOString()).toEqual({
        at,
        candle: truth,
      });
    }
  }

  /** What waits for nothing but disks and promises goes on. */
  async #idle(): Promise<void> {
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    if (this.#house.isSlow) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  /** Moves the clock on when nothing else helps. */
  async #through(work: Promise<unknown>): Promise<void> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => {});
    for (let turn = 1; !isDone; turn += 1) {
      await this.#idle();
      if (isDone || turn % (this.#house.isSlow ? 20 : 3) !== 0) continue;
      this.#clock.advance(1_000);
      if (turn > 2_000) this.#source.release();
      if (turn > 20_000) throw new Error('it never ends');
    }
    await done;
  }
}
