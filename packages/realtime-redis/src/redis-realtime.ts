import { randomBytes } from 'node:crypto';
import {
  type Awaitable,
  BarkeepError,
  type OrderBook,
  type Ticker,
  type Trade,
  type Unsubscribe,
} from '@barkeep/core';
import {
  AbstractRealtimeCache,
  type CheckedTradeRead,
  type RealtimeEvent,
  type RealtimeSelector,
  type RealtimeUsage,
  type RealtimeWriteResult,
  type TradeReplay,
} from '@barkeep/realtime';
import { CommandGate } from './command-gate.ts';
import { scanKeys } from './key-scan.ts';
import { KeySpace } from './key-space.ts';
import { decodeOrderBook, decodeTicker, encodeOrderBook, encodeTicker } from './latest-value.ts';
import { LiveFeed } from './live-feed.ts';
import { type LiveChange, type LiveMessage, parseLiveMessage } from './live-message.ts';
import { MEASURE_SCRIPT } from './measure-script.ts';
import { NearCache } from './near-cache.ts';
import type { NearValues } from './near-values.ts';
import { KEYS_A_SCRIPT_READ, READ_SCRIPT } from './read-script.ts';
import { RedisLink } from './redis-link.ts';
import {
  type CompleteRedisOptions,
  completeRedisOptions,
  type RedisRealtimeOptions,
} from './redis-realtime-options.ts';
import { SAMPLE_SCRIPT } from './sample-script.ts';
import { SequenceWatch } from './sequence-watch.ts';
import { ServerTime } from './server-time.ts';
import { decodeTrades, encodeTrades } from './stored-trade.ts';
import { SubscriptionOrder } from './subscription-order.ts';
import type { KeyKind, SymbolKeys } from './symbol-keys.ts';
import { TradeReads } from './trade-reads.ts';
import { TurnReads } from './turn-reads.ts';
import type { AppliedBatch, RedisLives, WriteOperation } from './write-batch.ts';
import { WriteQueue } from './write-queue.ts';
import { TRADES_A_SLICE } from './write-script.ts';

/** What never expires here, Redis keeps for a hundred years. */
const LONGEST_LIFE_MS = 3_155_760_000_000;
/** How long a replay can tell what went unseen. */
const SHORTEST_ARRIVALS_LIFE_MS = 86_400_000;
/** Nodes of a cluster tell one another of updates, and may lose one without anyone seeing it. */
const NEAR_AGE_IN_CLUSTER_MS = 5_000;
const KEYS_A_READ = 1_000;
/** Statistics look at so many symbols; of more they are an estimate. */
const MOST_MEASURED = 1_000;
const SYMBOLS_A_MEASURE = 10;
const MOST_AT_A_TIME = 1_000;
/** How often a symbol that is written is listed again. */
const LIST_EVERY_MS = 60_000;

type LatestKind = 'ticker' | 'orderBook';
type WriteWork = Omit<WriteOperation, 'resolve' | 'reject'>;

/**
 * Realtime data in Redis, a server or a cluster, shared by all processes that use the same prefix.
 * "Newer wins" and the deduplication of trades are atomic in Redis, and a write that the client sends
 * again after a lost reply takes effect once. Lives are measured by the server's clock: what a client's
 * shows, and what it is set to, changes nothing for anybody.
 */
export class RedisRealtime extends AbstractRealtimeCache {
  readonly #options: CompleteRedisOptions;
  readonly #link: RedisLink;
  readonly #gate: CommandGate;
  readonly #keys: KeySpace;
  readonly #writes: WriteQueue;
  readonly #trades: TradeReads;
  readonly #serverTime: ServerTime;
  readonly #near: NearCache | undefined;
  readonly #turn = new TurnReads();
  readonly #writer = randomBytes(8).toString('hex');
  readonly #subscriptions = new SubscriptionOrder();
  #listeners = 0;
  #feed: LiveFeed | undefined;
  /** What writes wait for; also after the feed was stopped, until those that waited have gone. */
  #writesWaitFor: Promise<void> | undefined;
  #sequences = new SequenceWatch();
  #feedsEnding: Promise<unknown> = Promise.resolve();
  #endWatching: Unsubscribe = () => undefined;

  constructor(options: RedisRealtimeOptions) {
    const complete = completeRedisOptions(options);
    const { maxTradesPerSymbol, nearSymbols, commandTimeoutMs, maxPendingCommands } = complete;
    super(
      'realtime-redis',
      { sharing: 'multi-process', platforms: ['node'], maxTradesPerSymbol },
      options,
    );
    this.#options = complete;
    this.#link = new RedisLink(complete);
    this.#gate = new CommandGate({
      maxPending: maxPendingCommands,
      timeoutMs: commandTimeoutMs,
    });
    this.#keys = new KeySpace(complete.keyPrefix);
    this.#serverTime = new ServerTime(this.time);
    const { isCluster } = this.#link;
    this.#writes = new WriteQueue({
      commands: this.#link.client,
      gate: this.#gate,
      keys: this.#keys,
      time: this.time,
      serverTime: this.#serverTime,
      writer: this.#writer,
      isCluster,
      maxTradesPerSymbol,
      maxAheadMs: this.maxAheadMs,
      onUnreadable: (values) => this.countUnreadable(values),
      onApplied: (sequence, version) => this.#subscriptions.answered(sequence, version),
      lives: () => this.#lives(),
    });
    this.#trades = new TradeReads({
      commands: this.#link.client,
      gate: this.#gate,
      reader: this.#writer,
      onUnreadable: (values) => this.countUnreadable(values),
    });
    if (nearSymbols !== undefined) {
      const maxAgeMs = isCluster ? NEAR_AGE_IN_CLUSTER_MS : Number.POSITIVE_INFINITY;
      this.#near = new NearCache({ maxSymbols: nearSymbols, maxAgeMs, time: this.time });
    }
  }

  /** The first subscriber makes the connection that hears of updates; writes after it wait for that. */
  override subscribe(
    selector: RealtimeSelector,
    listener: (event: RealtimeEvent) => void,
  ): Unsubscribe {
    const isFunction = typeof listener === 'function';
    const admitted = isFunction ? this.#subscriptions.admit(listener) : listener;
    const unsubscribe = super.subscribe(selector, admitted);
    this.#listeners += 1;
    this.#listen();
    let isOn = true;
    return () => {
      if (!isOn) return;
      isOn = false;
      unsubscribe();
      this.#listeners -= 1;
      if (this.#listeners === 0 && this.#near === undefined) this.#stopListening();
    };
  }

  protected override async _start(): Promise<void> {
    await this.#link.open();
    if (this.#near === undefined) return;
    // While the process stood still, updates may have gone by.
    this.#endWatching = this.time.onJump(({ byMs }) => {
      if (byMs > 0) this.#near?.clear();
    });
    this.#listen();
    await this.#feed?.firstAttempt;
  }

  protected override async _stop(): Promise<void> {
    this.#endWatching();
    this.#stopListening();
    await Promise.all([this.#feedsEnding, this.#link.close()]);
    this.#gate.stop();
  }

  protected _setTicker(ticker: Ticker): Promise<RealtimeWriteResult> {
    return this.#set('ticker', this.#keys.of(ticker.symbol), encodeTicker(ticker));
  }

  protected _getTicker(symbol: string): Awaitable<Ticker | undefined> {
    return (
      this._tickerAtHand(symbol) ??
      this.#read(symbol, 'ticker', this.#near?.tickers, (stored) => decodeTicker(symbol, stored))
    );
  }

  protected override _tickerAtHand(symbol: string): Promise<Ticker> | undefined {
    return this.#near?.tickers.answer(symbol);
  }

  protected override _getTickers(
    symbols: readonly string[],
  ): Promise<readonly (Ticker | undefined)[]> {
    return this.#readMany(symbols, 'ticker', this.#near?.tickers, decodeTicker);
  }

  protected _deleteTicker(symbol: string): Promise<boolean> {
    return this.#deleteLatest('ticker', symbol);
  }

  protected _setOrderBook(book: OrderBook): Promise<RealtimeWriteResult> {
    return this.#set('orderBook', this.#keys.of(book.symbol), encodeOrderBook(book));
  }

  protected _getOrderBook(symbol: string, depth: number): Awaitable<OrderBook | undefined> {
    const decode = (stored: string): OrderBook | undefined =>
      decodeOrderBook(symbol, stored, depth);
    return this.#read(symbol, 'orderBook', this.#near?.orderBooks, decode);
  }

  protected override _orderBookAtHand(symbol: string): Promise<OrderBook> | undefined {
    return this.#near?.orderBooks.answer(symbol);
  }

  protected override _getOrderBooks(
    symbols: readonly string[],
    depth: number,
  ): Promise<readonly (OrderBook | undefined)[]> {
    const decode = (symbol: string, stored: string): OrderBook | undefined =>
      decodeOrderBook(symbol, stored, depth);
    return this.#readMany(symbols, 'orderBook', this.#near?.orderBooks, decode);
  }

  protected _deleteOrderBook(symbol: string): Promise<boolean> {
    return this.#deleteLatest('orderBook', symbol);
  }

  /** More than one operation takes go in several, in their order, and count as one call. */
  protected async _appendTrades(symbol: string, trades: readonly Trade[]): Promise<Trade[]> {
    const keys = this.#keys.of(symbol);
    const now = this.time.now();
    this.#list(keys, now);
    keys.expiresAt.trades ??= now + this.lifeMs('tradesMs');
    const answers = inGroups(trades, TRADES_A_SLICE).map((slice, i) =>
      this.#ask(keys, {
        code: 'a',
        keys: tradeKeys(keys),
        value: encodeTrades(slice),
        trades: slice.length,
        isCounted: i > 0,
      }),
    );
    let marks = '';
    for (const answer of await allOf(answers)) {
      const [some = '', expired, evicted] = answer.split(' ');
      marks += some;
      this.countExpirations(Number(expired));
      this.countEvictions(Number(evicted));
    }
    return trades.filter((_, i) => marks[i] === '1');
  }

  protected _recentTrades(symbol: string, read: CheckedTradeRead): Promise<Trade[]> {
    this.#writes.flush();
    return this.#trades.recent(this.#keys.of(symbol), read);
  }

  protected _replayTrades(symbol: string, after: string | undefined): Promise<TradeReplay> {
    this.#writes.flush();
    return this.#trades.replay(this.#keys.of(symbol), after, this.#lives().arrivals);
  }

  protected async _deleteTrades(symbol: string): Promise<boolean> {
    const keys = this.#keys.of(symbol);
    keys.expiresAt.trades = undefined;
    const answer = await this.#ask(keys, { code: 'x', keys: tradeKeys(keys) });
    const [wereLive, expired] = answer.split(' ');
    this.countExpirations(Number(expired));
    return wereLive === '1';
  }

  /** Looks through the keys of everybody, as their owner asked for nothing to stay. */
  protected async _clear(): Promise<void> {
    this.#writes.flush();
    const { client, isCluster } = this.#link;
    for await (const page of scanKeys(this.#link.masters(), this.#keys, this.#gate)) {
      const ours = page.filter((key) => this.#keys.isValue(key));
      const groups = inGroups(ours, isCluster ? 1 : KEYS_A_READ);
      await this.#each(groups.map((keys) => () => this.#gate.run(() => client.unlink(...keys))));
    }
    await this.#ask({ tag: this.#keys.commonTag }, { code: 'c', keys: [] });
    for (const { expiresAt } of this.#keys.remembered()) forgetExpiries(expiresAt);
    this.#near?.clear();
  }

  /**
   * Redis lets values expire by itself. Here go trades whose symbol has younger ones, and what this process
   * wrote is counted.
   */
  protected async _sweep(): Promise<number> {
    const now = this.time.now();
    let removed = 0;
    const due: (() => Promise<number>)[] = [];
    for (const keys of this.#keys.remembered()) {
      for (const kind of ['ticker', 'orderBook'] as const) {
        if (!isDue(keys.expiresAt[kind], now)) continue;
        keys.expiresAt[kind] = undefined;
        removed += 1;
      }
      if (isDue(keys.expiresAt.trades, now)) due.push(() => this.#sweepTrades(keys));
    }
    for (const count of await this.#each(due)) removed += count;
    return removed;
  }

  /**
   * Counts what some of the listed symbols have: of more than a thousand, it is an estimate. What other
   * keys there are does not matter.
   */
  protected async _usage(): Promise<RealtimeUsage> {
    this.#writes.flush();
    const reply = await this.#gate.run(() =>
      SAMPLE_SCRIPT.run(this.#link.client, [this.#keys.list], [`${MOST_MEASURED}`]),
    );
    const [count, symbols] = reply as [number, string[]];
    const size = this.#link.isCluster ? 1 : SYMBOLS_A_MEASURE;
    const measured = await this.#each(
      inGroups(symbols, size).map((group) => () => this.#measure(group)),
    );
    const factor = symbols.length === 0 ? 1 : count / symbols.length;
    const total = (i: 0 | 1 | 2 | 3): number =>
      Math.round(factor * measured.reduce((sum, one) => sum + one[i], 0));
    return { tickers: total(0), orderBooks: total(1), trades: total(2), bytes: total(3) };
  }

  async #measure(symbols: readonly string[]): Promise<[number, number, number, number]> {
    const keys = symbols.flatMap((symbol) => {
      const { ticker, orderBook, trades, lateTrades, tradeIds } = this.#keys.of(symbol);
      return [ticker, orderBook, trades, lateTrades, tradeIds];
    });
    const reply = await this.#gate.run(() => MEASURE_SCRIPT.run(this.#link.client, keys, []));
    return reply as [number, number, number, number];
  }

  /** Never so many at a time that others find no room. */
  async #each<T>(work: readonly (() => Promise<T>)[]): Promise<T[]> {
    const atATime = Math.min(MOST_AT_A_TIME, Math.ceil(this.#options.maxPendingCommands / 4));
    const results: T[] = [];
    for (const group of inGroups(work, atATime)) {
      for (const result of await allOf(group.map((one) => one()))) results.push(result);
    }
    return results;
  }

  /** A slice at a time. */
  async #sweepTrades(keys: SymbolKeys): Promise<number> {
    keys.expiresAt.trades = undefined;
    let removed = 0;
    for (;;) {
      const answer = await this.#ask(keys, { code: 'w', keys: tradeKeys(keys) });
      const [expired, left = ''] = answer.split(' ');
      removed += Number(expired);
      if (left !== '0') {
        if (left !== '') keys.expiresAt.trades ??= this.time.now() + Number(left);
        return removed;
      }
    }
  }

  #lives(): RedisLives {
    const trades = redisLife(this.lifeMs('tradesMs'));
    return {
      ticker: `${redisLife(this.lifeMs('tickerMs'))}`,
      orderBook: `${redisLife(this.lifeMs('orderBookMs'))}`,
      trades: `${trades}`,
      arrivals: `${Math.max(trades, SHORTEST_ARRIVALS_LIFE_MS)}`,
    };
  }

  /** Lists a symbol with what is written of it, so that statistics find it among all keys there are. */
  #list(keys: SymbolKeys, now: number): void {
    if (keys.listedUntil > now) return;
    keys.listedUntil = now + LIST_EVERY_MS;
    const { ticker, orderBook, trades } = this.#lives();
    const longest = Math.max(Number(ticker), Number(orderBook), Number(trades));
    this.#write(
      { tag: this.#keys.commonTag },
      {
        code: 'l',
        keys: [this.#keys.list],
        value: `${longest + 2 * LIST_EVERY_MS} ${keys.symbol}`,
        isCounted: true,
        resolve: () => undefined,
        // The write that it came with fails too, or the next one lists it.
        reject: () => {
          keys.listedUntil = Number.NEGATIVE_INFINITY;
        },
      },
    );
  }

  #set(kind: LatestKind, keys: SymbolKeys, value: string): Promise<RealtimeWriteResult> {
    const now = this.time.now();
    this.#list(keys, now);
    keys.expiresAt[kind] = now + this.lifeMs(`${kind}Ms`);
    return new Promise((resolve, reject) => {
      this.#write(keys, {
        code: kind === 'ticker' ? 't' : 'b',
        keys: [keys[kind]],
        value,
        resolve: (answer, batch) => {
          const isStored = answer === 'stored';
          if (isStored) this.#hearOwn(kind, keys.symbol, batch, value);
          resolve(isStored ? 'stored' : 'stale');
        },
        reject,
      });
    });
  }

  #deleteLatest(kind: LatestKind, symbol: string): Promise<boolean> {
    const keys = this.#keys.of(symbol);
    keys.expiresAt[kind] = undefined;
    return new Promise((resolve, reject) => {
      this.#write(keys, {
        code: 'd',
        keys: [keys[kind]],
        resolve: (answer, batch) => {
          this.#hearOwn(kind, symbol, batch, undefined);
          resolve(answer === '1');
        },
        reject,
      });
    });
  }

  /** A value as it was sent; `undefined` when it was deleted. */
  #hearOwn(
    kind: LatestKind,
    symbol: string,
    { version, sentAt, lives }: AppliedBatch,
    value: string | undefined,
  ): void {
    this.#near?.hear(kind, symbol, version, value, sentAt + Number(lives[kind]));
  }

  #ask(at: Pick<SymbolKeys, 'tag'>, work: WriteWork): Promise<string> {
    return new Promise((resolve, reject) => this.#write(at, { ...work, resolve, reject }));
  }

  /** What is written after `subscribe` is heard of, so it waits until something can be heard. */
  #write({ tag }: Pick<SymbolKeys, 'tag'>, operation: WriteOperation): void {
    this.#turn.end();
    this.#writes.add(tag, operation, this.#writesWaitFor);
  }

  async #read<Value>(
    symbol: string,
    kind: LatestKind,
    nearValues: NearValues<Value> | undefined,
    decode: (stored: string) => Value | undefined,
  ): Promise<Value | undefined> {
    this.#writes.flush();
    const key = this.#keys.of(symbol)[kind];
    const stored = await this.#turn.share(key, async () => {
      if (nearValues === undefined || this.#near?.isOn !== true) return this.#get(key);
      const [found = null] = await this.#readAndKeep([symbol], [key], nearValues);
      return found;
    });
    return this.#decode(stored, decode);
  }

  /** What has another type is not there, and counted. */
  async #get(key: string): Promise<string | null> {
    try {
      return await this.#gate.run(() => this.#link.client.get(key));
    } catch (error) {
      if (!BarkeepError.is(error, 'CORRUPT')) throw error;
      this.countUnreadable(1);
      return null;
    }
  }

  async #readMany<Value>(
    symbols: readonly string[],
    kind: LatestKind,
    nearValues: NearValues<Value> | undefined,
    decode: (symbol: string, stored: string) => Value | undefined,
  ): Promise<(Value | undefined)[]> {
    this.#writes.flush();
    const isNear = nearValues !== undefined && this.#near?.isOn === true;
    const most = isNear ? KEYS_A_SCRIPT_READ : KEYS_A_READ;
    const groups = inGroups(symbols, this.#link.isCluster ? 1 : most).map(async (group) => {
      const keys = group.map((symbol) => this.#keys.of(symbol)[kind]);
      const found = isNear
        ? await this.#readAndKeep(group, keys, nearValues)
        : await this.#gate.run(() => this.#link.client.mget(...keys));
      return group.map((symbol, i) =>
        this.#decode(found[i] ?? null, (stored) => decode(symbol, stored)),
      );
    });
    return (await allOf(groups)).flat();
  }

  /** Reads values together with the number of the last write, so that it is known which are newer. */
  async #readAndKeep<Value>(
    symbols: readonly string[],
    keys: readonly string[],
    nearValues: NearValues<Value>,
  ): Promise<readonly (string | null)[]> {
    const places = symbols.map((symbol) => nearValues.reserve(symbol));
    const [first = ''] = symbols;
    const sequence = this.#keys.sequence(this.#writes.tagOf(this.#keys.of(first)));
    const askedAt = this.time.now();
    const reply = await this.#gate.run(() =>
      READ_SCRIPT.run(this.#link.client, [sequence, ...keys], []),
    );
    const [version, instant, found, lives, foreign] = reply as ReadReply;
    this.countUnreadable(foreign);
    this.#serverTime.answered(Number(instant), askedAt);
    for (const [i, symbol] of symbols.entries()) {
      const [place, life = -1] = [places[i], lives[i]];
      if (place === undefined) continue;
      // Something else has taken its expiry from it.
      const expiresAt = askedAt + (life < 0 ? LONGEST_LIFE_MS : life);
      nearValues.fill(symbol, place, Number(version), found[i] ?? null, expiresAt);
    }
    return found;
  }

  #decode<Value>(
    stored: string | null,
    decode: (stored: string) => Value | undefined,
  ): Value | undefined {
    if (stored === null) return undefined;
    const value = decode(stored);
    if (value === undefined) this.countUnreadable(1);
    return value;
  }

  #listen(): void {
    if (this.#feed !== undefined) return;
    const { commandTimeoutMs, heartbeatMs } = this.#options;
    this.#feed = new LiveFeed({
      connect: () => this.#link.listener(),
      channel: this.#keys.channel,
      timeoutMs: commandTimeoutMs,
      heartbeatMs,
      onMessage: (message) => this.#hear(message),
      onLive: (missed) => {
        this.#sequences = new SequenceWatch();
        this.#near?.turnOn();
        if (missed) this.publish({ type: 'lagged' });
      },
      onLost: () => this.#near?.turnOff(),
    });
    const { firstAttempt } = this.#feed;
    this.#writesWaitFor = firstAttempt;
    void firstAttempt?.then(() => {
      if (this.#writesWaitFor === firstAttempt) this.#writesWaitFor = undefined;
    });
  }

  #stopListening(): void {
    const feed = this.#feed;
    this.#feed = undefined;
    this.#near?.turnOff();
    if (feed !== undefined) this.#feedsEnding = Promise.all([this.#feedsEnding, feed.stop()]);
  }

  #hear(text: string): void {
    const message = parseLiveMessage(text);
    const { sequence, version, instant, changes } = message;
    this.#serverTime.told(instant);
    if (!this.#sequences.follows(sequence, version)) this.#miss();
    this.#subscriptions.tell(sequence, version, () => {
      for (const change of changes) this.#hearChange(change, message);
    });
  }

  #hearChange(
    { what, key, value }: LiveChange,
    { version, instant, lives }: Pick<LiveMessage, 'version' | 'instant' | 'lives'>,
  ): void {
    if (what === '*') this.#near?.clear();
    const place = this.#keys.parse(key);
    if (place === undefined) return;
    const { kind, symbol } = place;
    if (kind !== 'trades') {
      const stored = what === '=' ? value : undefined;
      const expiresAt = this.#serverTime.at(instant + lives[kind]);
      this.#near?.hear(kind, symbol, version, stored, expiresAt);
    }
    if (what === '-' || !this.isHeard(kind, symbol)) return;
    const event = eventOf(kind, symbol, value);
    if (event === undefined) this.#miss();
    else this.publish(event);
  }

  /** Of what was told, something was not heard, or not understood. */
  #miss(): void {
    this.#near?.clear();
    this.publish({ type: 'lagged' });
  }
}

type ReadReply = readonly [
  version: string | null,
  instant: string,
  values: readonly (string | null)[],
  lives: readonly number[],
  foreign: number,
];

/** `undefined` when something other than this version of Barkeep told it. */
function eventOf(kind: KeyKind, symbol: string, value: string): RealtimeEvent | undefined {
  if (kind === 'trades') {
    const trades = decodeTrades(value);
    return trades && { type: 'trades', symbol, trades };
  }
  if (kind === 'ticker') {
    const ticker = decodeTicker(symbol, value);
    return ticker && { type: 'ticker', ticker };
  }
  const book = decodeOrderBook(symbol, value, Number.POSITIVE_INFINITY);
  return book && { type: 'orderBook', book };
}

function tradeKeys({ trades, tradeIds, lateTrades, arrivals }: SymbolKeys): string[] {
  return [trades, tradeIds, lateTrades, arrivals];
}

function forgetExpiries(expiresAt: SymbolKeys['expiresAt']): void {
  expiresAt.ticker = undefined;
  expiresAt.orderBook = undefined;
  expiresAt.trades = undefined;
}

/** What Redis takes as an expiry: whole milliseconds, and not too many. */
function redisLife(ms: number): number {
  return Math.min(Math.ceil(ms), LONGEST_LIFE_MS);
}

function isDue(expiresAt: number | undefined, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

function inGroups<T>(items: readonly T[], size: number): T[][] {
  const groups: T[][] = [];
  for (let i = 0; i < items.length; i += size) groups.push(items.slice(i, i + size));
  return groups;
}

/** The results once all have ended, so that nothing of them is under way when the first failure is thrown. */
async function allOf<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
