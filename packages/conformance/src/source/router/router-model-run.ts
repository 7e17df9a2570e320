import {
  type EpochMs,
  type ManualClock,
  type SeriesKey,
  seriesKeyText,
  timeframeGrid,
} from '@barkeep/core';
import type { LiveCandle, MarketEvent } from '@barkeep/source';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { BelievingListener, isOf, latestCandles } from './believing-listener.ts';
import { assertAmong, CameThrough, valuesOf } from './came-through.ts';
import { eventsOf, type RouterCommand } from './router-command.ts';
import type { RouterSubject, RouterUnderTest } from './router-harness.ts';

/** A careful router does not count on the last messages before the loss: some may not have come. */
const UNDER_WAY_MS = 10_000;
/** Routers keep at least this many, if as many came. */
const FEWEST_TRADES = 20;
const FEWEST_CANDLES = 2;

const STATUSES = { new: 'connecting', up: 'connected', down: 'reconnecting', closed: 'closed' };
/** What is under way arrives, and what the router claims while it does not know better is taken back. */
const LAST: RouterCommand = { does: 'notice' };

type Command<Does extends RouterCommand['does']> = RouterCommand & { readonly does: Does };

/** A market, the connection to it, and a listener that takes the router at its word. */
export class RouterModelRun {
  readonly #subject: RouterSubject;
  readonly #underTest: RouterUnderTest;
  readonly #clock: ManualClock;
  readonly #listener: BelievingListener;
  readonly #keys = new Map<string, SeriesKey>();
  readonly #watched = new Map<string, SeriesKey>();
  readonly #ended = new Set<string>();
  /** Every state of every candle, as it was made. */
  readonly #made: LiveCandle[] = [];
  readonly #underWay: MarketEvent[] = [];
  readonly #sent: MarketEvent[] = [];
  #came = new CameThrough();
  #connection: 'new' | 'up' | 'silent' | 'down' | 'closed' = 'new';
  #connectedAt: EpochMs = 0;
  /** When the last message came over the connection, and when it was cut. */
  #messageAt: EpochMs = 0;
  #cutAt: EpochMs = Number.POSITIVE_INFINITY;

  constructor(subject: RouterSubject, clock: ManualClock) {
    this.#subject = subject;
    this.#underTest = subject.underTest;
    this.#clock = clock;
    this.#listener = new BelievingListener(subject.underTest.router, clock);
  }

  async execute(commands: readonly RouterCommand[]): Promise<void> {
    for (const command of commands) {
      if ('key' in command) this.#keys.set(seriesKeyText(command.key), command.key);
    }
    this.#compareMemory();
    this.#compare();
    for (const command of [...commands, LAST]) {
      await Reflect.apply(this[command.does], this, [command]);
      this.#compare();
    }
  }

  /** A trade makes another state of a candle. No two states have one `asOf`: their order would count. */
  async trade({ key, price, travel }: Command<'trade'>): Promise<void> {
    const now = this.#clock.now();
    const { candle } = this.#current(key) ?? {};
    const { open = price, high = price, low = price, volume = 0 } = candle ?? {};
    const timestamp = timeframeGrid(key.timeframe).floor(now);
    const prices = { open, high: Math.max(high, price), low: Math.min(low, price), close: price };
    const asOf = Math.max(now, (this.#made.at(-1)?.asOf ?? 0) + 1);
    const live = { key, candle: { timestamp, ...prices, volume: volume + 1 / 3 }, asOf };
    this.#made.push(live);
    if (this.#connection !== 'up' || !this.#watched.has(seriesKeyText(key))) return;
    if (travel !== 'at-once') this.#underWay.push({ type: 'candle', live });
    if (travel !== 'late') await this.#send([{ type: 'candle', live }]);
  }

  async tell(command: Command<'tell'>): Promise<void> {
    const isFollowed = [...this.#watched.values()].some(({ symbol }) => symbol === command.symbol);
    if (this.#connection === 'up' && isFollowed) await this.#send(eventsOf(command));
  }

  pass({ ms }: Command<'pass'>): void {
    this.#clock.advance(ms);
  }

  /** What is under way arrives, in another order. */
  async arrive({ choice }: { readonly choice: number } = { choice: 1 }): Promise<void> {
    if (this.#connection !== 'up') return;
    const rest = this.#underWay.splice(0);
    const order: MarketEvent[] = [];
    while (rest.length > 0) order.push(...rest.splice(choice % rest.length, 1));
    await this.#send(order);
  }

  /** A message that came before, or before an outage, comes again. */
  async repeat({ choice }: Command<'repeat'>): Promise<void> {
    const message = this.#sent[choice % Math.max(1, this.#sent.length)];
    if (this.#connection !== 'up' || message === undefined) return;
    const text = message.type === 'candle' ? seriesKeyText(message.live.key) : undefined;
    if (text === undefined || this.#watched.has(text)) await this.#send([message]);
  }

  async watch({ key }: Command<'watch'>): Promise<void> {
    const text = seriesKeyText(key);
    // A connection that is dead takes no orders, and the router does not know that it is dead.
    if (this.#ended.has(text) || ['silent', 'closed'].includes(this.#connection)) return;
    this.#watched.set(text, key);
    await this.#begin(() => this.#underTest.exchange.watch(key, this.#current(key)));
  }

  async endStream({ key }: Command<'endStream'>): Promise<void> {
    const text = seriesKeyText(key);
    const isOpen = this.#connection === 'up' || this.#connection === 'silent';
    if (!this.#subject.capabilities.endsStreams || !isOpen || !this.#watched.has(text)) return;
    await this.arrive();
    this.#watched.delete(text);
    this.#ended.add(text);
    await this.#underTest.exchange.endStream?.(key);
  }

  async cut(): Promise<void> {
    if (this.#connection !== 'up') return;
    // A sign of life says that what was sent before it has come, so nothing may still be under way.
    await this.arrive();
    this.#connection = 'silent';
    this.#cutAt = this.#clock.now();
    await this.#underTest.exchange.cut();
  }

  /** The loss is noticed, of a connection that is cut if it stands. */
  async notice(): Promise<void> {
    await this.cut();
    if (this.#connection !== 'silent') return;
    await this.#underTest.exchange.notice();
    this.#connection = 'down';
  }

  /** Another connection stands, after the loss of the one before. */
  async connect(): Promise<void> {
    await this.notice();
    if (this.#connection !== 'down' && this.#connection !== 'new') return;
    const current = [...this.#watched.values()].flatMap((key) => this.#current(key) ?? []);
    this.#connection = 'up';
    this.#came = new CameThrough();
    this.#connectedAt = this.#clock.now();
    this.#messageAt = this.#connectedAt;
    this.#cutAt = Number.POSITIVE_INFINITY;
    await this.#begin(() => this.#underTest.exchange.connect(current));
  }

  async close(): Promise<void> {
    await this.arrive();
    this.#connection = 'closed';
    await this.#subject.close();
  }

  #current(key: SeriesKey): LiveCandle | undefined {
    const timestamp = timeframeGrid(key.timeframe).floor(this.#clock.now());
    return this.#made.findLast((live) => isOf(live, key) && live.candle.timestamp === timestamp);
  }

  /** A connection or a series begins, maybe with the state of candles. */
  async #begin(work: () => void | Promise<void>): Promise<void> {
    const { length } = this.#listener.told;
    await work();
    const told = this.#listener.told.slice(length);
    const made = this.#made.map((live) => ({ type: 'candle', live }) as const);
    assertAmong(told.flatMap(valuesOf), made, 'what a series begins with is a state that was made');
    this.#came.take(told);
    this.#compareMemory();
  }

  async #send(messages: MarketEvent[]): Promise<void> {
    if (messages.length === 0) return;
    const { length } = this.#listener.told;
    this.#messageAt = this.#clock.now();
    this.#sent.push(...messages);
    await this.#underTest.exchange.send(messages);
    const told = this.#listener.told.slice(length);
    assertAmong(this.#came.take(messages), told, 'what is new is told');
    assertAmong(told.flatMap(valuesOf), messages, 'nothing is told that was not sent');
    this.#compareMemory();
  }

  #compare(): void {
    this.#listener.throwFault();
    this.#compareConnection();
    this.#compareStreams();
    if (this.#connection === 'up' && this.#underWay.length > 0) return;
    for (const key of this.#keys.values()) this.#compareCandles(key);
  }

  #compareConnection(): void {
    const { connection, lastSeen } = this.#underTest.router;
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
    const { streams, connection } = this.#underTest.router;
    const { promises } = this.#listener;
    const texts = streams.map(({ key }) => seriesKeyText(key)).sort();
    const watched = [...this.#watched.keys()].sort();
    assertEqual(texts, [...promises.keys()].sort(), 'the streams, beside what was told');
    if (connection.status !== 'connected') assertEqual(texts, [], 'the streams unconnected');
    if (this.#connection === 'up') assertEqual(texts, watched, 'the series that are promised');
    for (const stream of streams) {
      const text = seriesKeyText(stream.key);
      const earliest = timeframeGrid(stream.key.timeframe).floor(connection.since);
      assertEqual(stream, promises.get(text), `the stream of ${text}, beside what was told`);
      assertTrue(stream.since >= earliest, `since (${stream.since}) is not before ${earliest}`);
    }
  }

  #compareMemory(): void {
    const { router, maxTrades } = this.#underTest;
    for (const symbol of new Set([...this.#keys.values()].map((key) => key.symbol))) {
      const [ticker, book] = [router.getTicker(symbol), router.getOrderBook(symbol)];
      const trades = router.getTrades(symbol);
      this.#came.assertKept(`ticker of ${symbol}`, ticker ? [ticker] : [], 1);
      this.#came.assertKept(`book of ${symbol}`, book ? [book] : [], 1);
      this.#came.assertKept(`trades of ${symbol}`, trades, FEWEST_TRADES);
      assertTrue(trades.length <= maxTrades, `not over ${maxTrades} trades of a symbol are kept`);
    }
    for (const [text, key] of this.#watched) {
      this.#came.assertKept(`candles of ${text}`, router.getCandles(key), FEWEST_CANDLES);
    }
  }

  /** What the listener believes is held against what happened. */
  #compareCandles(key: SeriesKey): void {
    // Whether a promise that has ended was kept to the end turns out when the loss is noticed.
    const kept = this.#connection === 'silent' ? [] : this.#listener.kept(key);
    for (const stretch of [...this.#listener.promised(key), ...kept]) {
      const what = `${seriesKeyText(key)} from ${stretch.from} to ${stretch.to}, as promised`;
      const made = latestCandles(this.#made, key, stretch);
      assertEqual(this.#listener.candles(key, stretch), made, what);
    }
  }
}
