import {
  type EpochMs,
  type ManualClock,
  type SeriesKey,
  seriesKeyText,
  timeframeGrid,
} from '@barkeep/core';
import type { ISmartRouter, LiveCandle, MarketEvent } from '@barkeep/source';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { BelievingListener } from './believing-listener.ts';
import { candlesOf, LatestValues, type Value, valuesOf } from './latest-values.ts';
import { type CommandTo, eventsOf, type RouterCommand } from './router-command.ts';
import type { RouterExchange, RouterSubject } from './router-harness.ts';

/** A careful router does not count on the last messages before the loss: some may not have come. */
const UNDER_WAY_MS = 10_000;
/** Routers keep at least this many, if as many came. */
const FEWEST_TRADES = 20;
const FEWEST_CANDLES = 2;

const STATUSES = { new: 'connecting', up: 'connected', down: 'reconnecting', closed: 'closed' };

/** A market, the connection to it, and a listener that takes the router at its word. */
export class RouterModelRun {
  readonly #subject: RouterSubject;
  readonly #router: ISmartRouter;
  readonly #exchange: RouterExchange;
  readonly #clock: ManualClock;
  readonly #listener: BelievingListener;
  readonly #watched = new Map<string, SeriesKey>();
  readonly #ended = new Set<string>();
  readonly #underWay: MarketEvent[] = [];
  readonly #sent: MarketEvent[] = [];
  /** Candles as they were made, and values as they came: ever, and over this connection. */
  readonly #made = new LatestValues();
  readonly #cameEver = new LatestValues();
  #came = new LatestValues();
  #read: { readonly what: string; readonly kept: unknown; readonly expected: unknown }[] = [];
  #connection: 'new' | 'up' | 'silent' | 'down' | 'closed' = 'new';
  #tradedAt: EpochMs = 0;
  #connectedAt: EpochMs = 0;
  /** When the last message came over the connection, and when it was cut. */
  #messageAt: EpochMs = 0;
  #cutAt: EpochMs = Number.POSITIVE_INFINITY;

  constructor(subject: RouterSubject, clock: ManualClock) {
    this.#subject = subject;
    this.#router = subject.underTest.router;
    this.#exchange = subject.underTest.exchange;
    this.#clock = clock;
    this.#listener = new BelievingListener(this.#router, clock);
    this.#router.subscribe(tamper);
  }

  async execute(commands: readonly RouterCommand[]): Promise<void> {
    // In the end, what the router claims while it does not know better is taken back.
    for (const command of [...commands, { does: 'notice' } as const]) {
      await Reflect.apply(this[command.does], this, [command]);
      this.#listener.throwFault();
      this.#compareConnection();
      this.#compareStreams();
      if (this.#connection !== 'up' || this.#underWay.length === 0) this.#compareCandles();
    }
  }

  /** A trade makes another state of a candle. No two states have one `asOf`: their order would count. */
  async trade({ key, price, isLate }: CommandTo<'trade'>): Promise<void> {
    const { volume = 0 } = this.#current(key)?.candle ?? {};
    const timestamp = timeframeGrid(key.timeframe).floor(this.#clock.now());
    const prices = { open: price, high: price + volume, low: price / 2, close: price };
    const candle = { timestamp, ...prices, volume: volume + 1 / 3 };
    this.#tradedAt = Math.max(this.#clock.now(), this.#tradedAt + 1);
    const message = { type: 'candle', live: { key, candle, asOf: this.#tradedAt } } as const;
    this.#made.take(valuesOf(message));
    if (this.#connection !== 'up' || !this.#watched.has(seriesKeyText(key))) return;
    if (isLate) this.#underWay.push(message);
    else await this.#send([message]);
  }

  async tell(command: CommandTo<'tell'>): Promise<void> {
    const isFollowed = this.#followed().has(command.symbol);
    if (this.#connection === 'up' && isFollowed) await this.#send(eventsOf(command));
  }

  pass({ ms }: CommandTo<'pass'>): void {
    this.#clock.advance(ms);
  }

  /** What is under way arrives, the latest first. */
  async arrive(): Promise<void> {
    if (this.#connection === 'up') await this.#send(this.#underWay.splice(0).reverse());
  }

  /** A message that came before, or before an outage, comes again. */
  async repeat({ choice }: CommandTo<'repeat'>): Promise<void> {
    const message = this.#sent[choice % Math.max(1, this.#sent.length)];
    if (this.#connection !== 'up' || message === undefined) return;
    const hasEnded = message.type === 'candle' && this.#ended.has(seriesKeyText(message.live.key));
    if (!hasEnded) await this.#send([message]);
  }

  async watch({ key }: CommandTo<'watch'>): Promise<void> {
    const text = seriesKeyText(key);
    // A connection that is dead takes no orders, and the router does not know that it is dead.
    if (this.#ended.has(text) || ['silent', 'closed'].includes(this.#connection)) return;
    this.#watched.set(text, key);
    const current = structuredClone(this.#current(key));
    await this.#assertTells(() => this.#exchange.watch(key, current), this.#made);
  }

  async endStream({ key }: CommandTo<'endStream'>): Promise<void> {
    const isOpen = this.#connection === 'up' || this.#connection === 'silent';
    if (this.#exchange.endStream === undefined || !isOpen) return;
    await this.arrive();
    if (!this.#watched.delete(seriesKeyText(key))) return;
    this.#ended.add(seriesKeyText(key));
    await this.#exchange.endStream(key);
  }

  async cut(): Promise<void> {
    if (this.#connection !== 'up') return;
    // A sign of life says that what was sent before it has come, so nothing may still be under way.
    await this.arrive();
    this.#connection = 'silent';
    this.#cutAt = this.#clock.now();
    await this.#exchange.cut();
  }

  /** The loss is noticed, of a connection that is cut if it stands. */
  async notice(): Promise<void> {
    await this.cut();
    if (this.#connection !== 'silent') return;
    await this.#exchange.notice();
    this.#connection = 'down';
  }

  /** Another connection stands, after the loss of the one before. */
  async connect(): Promise<void> {
    await this.notice();
    if (this.#connection === 'closed') return;
    this.#connection = 'up';
    this.#came = new LatestValues();
    this.#connectedAt = this.#clock.now();
    this.#messageAt = this.#connectedAt;
    this.#cutAt = Number.POSITIVE_INFINITY;
    const current = [...this.#watched.values()].flatMap((key) => this.#current(key) ?? []);
    await this.#assertTells(() => this.#exchange.connect(structuredClone(current)), this.#made);
  }

  async close(): Promise<void> {
    await this.arrive();
    this.#connection = 'closed';
    await this.#subject.close();
  }

  #followed(): Set<string> {
    return new Set([...this.#watched.values()].map(({ symbol }) => symbol));
  }

  #current(key: SeriesKey): LiveCandle | undefined {
    const of = timeframeGrid(key.timeframe).floor(this.#clock.now());
    return this.#made.get({ place: candlesOf(key), of }) as LiveCandle | undefined;
  }

  async #send(messages: readonly MarketEvent[]): Promise<void> {
    if (messages.length === 0) return;
    const values = messages.flatMap(valuesOf);
    for (const came of [this.#came, this.#cameEver]) came.take(values);
    this.#messageAt = this.#clock.now();
    this.#sent.push(...messages);
    const sending = () => this.#exchange.send(structuredClone(messages));
    await this.#assertTells(sending, this.#cameEver, values);
  }

  /** Of these values, and of whatever is told while the exchange works, the true one was told last. */
  async #assertTells(
    work: () => void | Promise<void>,
    truth: LatestValues,
    values: readonly Value[] = [],
  ): Promise<void> {
    const { told, latest } = this.#listener;
    const { length } = told;
    await work();
    const others = told.slice(length);
    for (const value of [...values, ...others]) {
      const what = `the ${value.place.slice(0, 40)} that was told last`;
      assertEqual(latest.get(value), truth.get(value), what);
    }
    for (const came of [this.#came, this.#cameEver]) came.take(others);
    this.#compareMemory();
  }

  #compareConnection(): void {
    const { connection, lastSeen } = this.#router;
    const { status, since } = connection;
    const expected = this.#connection === 'silent' ? status : STATUSES[this.#connection];
    assertEqual(connection, this.#listener.connection, 'the connection, beside what was told');
    assertEqual(status, expected, 'the status');
    if (status === 'connected') assertEqual(since, this.#connectedAt, 'since of the connection');
    else if (status !== 'connecting') this.#assertSeen(since, 'since of a lost connection');
    if (lastSeen !== undefined) this.#assertSeen(lastSeen, 'lastSeen');
  }

  /** Within the connection, near the last message, and not after the connection was cut. */
  #assertSeen(at: EpochMs, name: string): void {
    const latest = Math.min(this.#cutAt, this.#clock.now());
    const earliest = Math.max(this.#connectedAt, this.#messageAt - UNDER_WAY_MS);
    assertTrue(at <= latest, `${name} (${at}) is not after the last sign of life (${latest})`);
    assertTrue(at >= earliest, `${name} (${at}) is near the last message (${this.#messageAt})`);
  }

  #compareStreams(): void {
    const { streams } = this.#router;
    const { promises } = this.#listener;
    const held = Object.fromEntries(streams.map((stream) => [seriesKeyText(stream.key), stream]));
    assertEqual(held, Object.fromEntries(promises), 'the streams, beside what was told');
    assertEqual(streams.length, promises.size, 'how many there are, one of each series');
    const watched = [...this.#watched.keys()].sort();
    if (this.#connection === 'up') assertEqual(Object.keys(held).sort(), watched, 'their series');
  }

  /** What was read before has not changed, and changes to it reach nobody. */
  #compareMemory(): void {
    for (const { what, kept, expected } of this.#read) {
      assertEqual(kept, expected, `${what}, as it was read before`);
      tamper(kept);
    }
    this.#read = [];
    const { maxTrades } = this.#subject.underTest;
    for (const symbol of this.#followed()) {
      const [ticker, book] = [this.#router.getTicker(symbol), this.#router.getOrderBook(symbol)];
      const trades = this.#router.getTrades(symbol);
      this.#compareKept(`ticker of ${symbol}`, ticker ? [ticker] : [], 1);
      this.#compareKept(`book of ${symbol}`, book ? [book] : [], 1);
      this.#compareKept(`trades of ${symbol}`, trades, FEWEST_TRADES);
      assertTrue(trades.length <= maxTrades, `not over ${maxTrades} trades of a symbol are kept`);
    }
    for (const key of this.#watched.values()) {
      this.#compareKept(candlesOf(key), this.#router.getCandles(key), FEWEST_CANDLES);
    }
  }

  /** A place has the latest that came over the connection, and at least some of it. */
  #compareKept(place: string, kept: readonly unknown[], fewest: number): void {
    const came = this.#came.all(place).map(({ value }) => value);
    const count = Math.max(kept.length, Math.min(fewest, came.length));
    const expected = came.slice(Math.max(0, came.length - count));
    const what = `the ${place.slice(0, 40)} in memory`;
    assertEqual(kept, expected, what);
    this.#read.push({ what, kept, expected });
  }

  /** What the listener believes is held against what happened. */
  #compareCandles(): void {
    const { lastSeen: until = this.#messageAt } = this.#router;
    const { promises, ended, latest } = this.#listener;
    const holding = [...promises.values()].map((stream) => ({ stream, until }));
    // Whether a promise that has ended was kept to the end turns out when the loss is noticed.
    for (const one of this.#connection === 'silent' ? holding : [...holding, ...ended]) {
      const { key, since } = one.stream;
      const to = timeframeGrid(key.timeframe).floor(one.until);
      const within = (candles: LatestValues) =>
        candles.all(candlesOf(key)).filter(({ of }) => Number(of) >= since && Number(of) < to);
      const what = `the ${candlesOf(key)} from ${since} to ${to}, as promised`;
      assertEqual(within(latest), within(this.#made), what);
    }
  }
}

/** Changes whatever can be changed. */
function tamper(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    tamper(part);
    if (typeof part === 'number') Reflect.set(value, name, part + 1);
  }
  if (Array.isArray(value)) Reflect.set(value, 'length', 0);
}
