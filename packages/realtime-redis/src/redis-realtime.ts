import { randomBytes } from 'node:crypto';
import {
  type Awaitable,
  BarkeepError,
  type EpochMs,
  type OrderBook,
  type Ticker,
  type Trade,
  type Unsubscribe,
} from '@barkeep/core';
import {
  AbstractRealtimeCache,
  type CheckedTradeRead,
  type RealtimeEvent,
  type RealtimeExpiry,
  type RealtimeSelector,
  type RealtimeUsage,
  type RealtimeWriteResult,
  type TradeReplay,
} from '@barkeep/realtime';
import { Audience } from './audience.ts';
import { CommandGate } from './command-gate.ts';
import { scanKeys } from './key-scan.ts';
import { KEY_LETTERS, KeySpace } from './key-space.ts';
import {
  decodeOrderBook,
  decodeTicker,
  encodeOrderBook,
  encodeTicker,
  expiresAtOf,
  isLatestValue,
  storedExpiry,
} from './latest-value.ts';
import { LiveFeed } from './live-feed.ts';
import { type LiveChange, parseLiveMessage } from './live-message.ts';
import { MEASURE_SCRIPT } from './measure-script.ts';
import { NearCache } from './near-cache.ts';
import type { NearShelf } from './near-shelf.ts';
import { RedisLink } from './redis-link.ts';
import {
  type CompleteRedisOptions,
  completeRedisOptions,
  type RedisRealtimeOptions,
} from './redis-realtime-options.ts';
import { formatCursor, parseCursor } from './replay-cursor.ts';
import { REPLAY_SCRIPT } from './replay-script.ts';
import { SequenceWatch } from './sequence-watch.ts';
import { decodeTrade, decodeTrades, encodeTrades, isLiveTrade } from './stored-trade.ts';
import type { KeyKind, SymbolKeys } from './symbol-keys.ts';
import { TurnReads } from './turn-reads.ts';
import type { WriteOperation } from './write-batch.ts';
import { type RedisLives, WriteQueue } from './write-queue.ts';

/** What never expires here, Redis keeps for a hundred years. */
const LONGEST_LIFE_MS = 3_155_760_000_000;
/** How long a replay can tell what went unseen. */
const SHORTEST_ARRIVALS_LIFE_MS = 86_400_000;
/** Nodes of a cluster tell one another of updates, and may lose one without anyone seeing it. */
const NEAR_AGE_IN_CLUSTER_MS = 5_000;
const KEYS_A_READ = 1_000;
const KEYS_A_MEASURE = 50;
const KEYS_A_SWEEP = 1_000;

type LatestKind = 'ticker' | 'orderBook';
type WriteWork = Omit<WriteOperation, 'resolve' | 'reject'>;

/**
 * Realtime data in Redis, a server or a cluster, shared by all processes that use the same prefix.
 * "Newer wins" and the deduplication of trades are atomic in Redis, and a write that the client sends
 * again after a lost reply takes effect once.
 */
export class RedisRealtime extends AbstractRealtimeCache {
  readonly #options: CompleteRedisOptions;
  readonly #link: RedisLink;
  readonly #gate: CommandGate;
  readonly #keys: KeySpace;
  readonly #writes: WriteQueue;
  readonly #near: NearCache | undefined;
  readonly #turn = new TurnReads();
  readonly #writer = randomBytes(8).toString('hex');
  readonly #audience = new Audience();
  #listeners = 0;
  #replays = 0;
  #feed: LiveFeed | undefined;
  /** What writes wait for; also after the feed was stopped, until those that waited have gone. */
  #writesWaitFor: Promise<void> | undefined;
  #sequences = new SequenceWatch();
  #feedsEnding: Promise<unknown> = Promise.resolve();

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
    const { isCluster } = this.#link;
    this.#writes = new WriteQueue({
      commands: this.#link.client,
      gate: this.#gate,
      keys: this.#keys,
      clock: this.clock,
      writer: this.#writer,
      isCluster,
      maxTradesPerSymbol,
      onApplied: (sequence, version) => this.#audience.answered(sequence, version),
      livesAt: (now) => this.#livesAt(now),
    });
    if (nearSymbols !== undefined) {
      const maxAgeMs = isCluster ? NEAR_AGE_IN_CLUSTER_MS : Number.POSITIVE_INFINITY;
      this.#near = new NearCache({ maxSymbols: nearSymbols, maxAgeMs });
    }
  }

  /** The first subscriber makes the connection that hears of updates; writes after it wait for that. */
  override subscribe(
    selector: RealtimeSelector,
    listener: (event: RealtimeEvent) => void,
  ): Unsubscribe {
    const isFunction = typeof listener === 'function';
    const admitted = isFunction ? this.#audience.admit(listener) : listener;
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
    this.#listen();
    await this.#feed?.firstAttempt;
  }

  protected override async _stop(): Promise<void> {
    this.#stopListening();
    await Promise.all([this.#feedsEnding, this.#link.close()]);
    this.#gate.stop();
  }

  protected _setTicker(ticker: Ticker): Promise<RealtimeWriteResult> {
    const keys = this.#keys.of(ticker.symbol);
    const expiresAt = this.#expiry(keys, 'ticker');
    return this.#set('ticker', keys, encodeTicker(ticker, expiresAt));
  }

  protected _getTicker(symbol: string): Awaitable<Ticker | undefined> {
    return (
      this._tickerAtHand(symbol) ??
      this.#read(symbol, 'ticker', this.#near?.tickers, (stored) => decodeTicker(symbol, stored))
    );
  }

  protected override _tickerAtHand(symbol: string): Promise<Ticker> | undefined {
    return this.#near?.tickers.answer(symbol, this.clock.now());
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
    const keys = this.#keys.of(book.symbol);
    const expiresAt = this.#expiry(keys, 'orderBook');
    return this.#set('orderBook', keys, encodeOrderBook(book, expiresAt));
  }

  protected _getOrderBook(symbol: string, depth: number): Awaitable<OrderBook | undefined> {
    const decode = (stored: string): OrderBook => decodeOrderBook(symbol, stored, depth);
    return this.#read(symbol, 'orderBook', this.#near?.orderBooks, decode);
  }

  protected override _orderBookAtHand(symbol: string): Promise<OrderBook> | undefined {
    return this.#near?.orderBooks.answer(symbol, this.clock.now());
  }

  protected override _getOrderBooks(
    symbols: readonly string[],
    depth: number,
  ): Promise<readonly (OrderBook | undefined)[]> {
    const decode = (symbol: string, stored: string): OrderBook =>
      decodeOrderBook(symbol, stored, depth);
    return this.#readMany(symbols, 'orderBook', this.#near?.orderBooks, decode);
  }

  protected _deleteOrderBook(symbol: string): Promise<boolean> {
    return this.#deleteLatest('orderBook', symbol);
  }

  protected async _appendTrades(symbol: string, trades: readonly Trade[]): Promise<Trade[]> {
    const keys = this.#keys.of(symbol);
    const expiresAt = storedExpiry(this.expiresAt('tradesMs', this.clock.now()));
    keys.expiresAt.trades ??= expiresAt;
    const answer = await this.#ask(keys, {
      code: 'a',
      keys: [keys.trades, keys.tradeIds, keys.arrivals],
      value: encodeTrades(trades, expiresAt),
    });
    const [marks = '', expired, evicted] = answer.split(' ');
    this.countExpirations(Number(expired));
    this.countEvictions(Number(evicted));
    return trades.filter((_, i) => marks[i] === '1');
  }

  protected async _recentTrades(
    symbol: string,
    { limit, since }: CheckedTradeRead,
  ): Promise<Trade[]> {
    this.#writes.flush();
    const key = this.#keys.of(symbol).trades;
    const stored = await this.#gate.run(() => this.#link.client.lrange(key, 0, -1));
    const wanted = this.#liveTrades(stored).filter(({ timestamp }) => timestamp >= since);
    wanted.sort((a, b) => a.timestamp - b.timestamp);
    return wanted.slice(Math.max(0, wanted.length - limit));
  }

  protected async _replayTrades(symbol: string, after: string | undefined): Promise<TradeReplay> {
    const from = after === undefined ? undefined : parseCursor(after);
    this.#writes.flush();
    const { trades: list, arrivals } = this.#keys.of(symbol);
    this.#replays += 1;
    const args = [
      `${this.#writer}-r${this.#replays}`,
      from?.epoch ?? '',
      `${from?.arrival ?? 0}`,
      this.#livesAt(this.clock.now()).arrivals,
    ];
    const reply = await this.#gate.run(() =>
      REPLAY_SCRIPT.run(this.#link.client, [list, arrivals], args),
    );
    const [epoch, last, lost, stored] = reply as [string, string, string, string[]];
    const trades = this.#liveTrades(stored);
    const isKnown = from?.epoch === epoch && from.arrival <= Number(last);
    const isLost = trades.length < stored.length || Number(lost) > (from?.arrival ?? 0);
    return {
      trades,
      cursor: formatCursor({ epoch, arrival: Number(last) }),
      gap: from !== undefined && (!isKnown || isLost),
    };
  }

  protected async _deleteTrades(symbol: string): Promise<boolean> {
    const keys = this.#keys.of(symbol);
    const answer = await this.#ask(keys, { code: 'x', keys: [keys.trades, keys.tradeIds] });
    const [wereLive, expired] = answer.split(' ');
    this.countExpirations(Number(expired));
    return wereLive === '1';
  }

  protected async _clear(): Promise<void> {
    this.#writes.flush();
    const { client, isCluster } = this.#link;
    for await (const page of this.#scan()) {
      const ours = page.filter((key) => this.#keys.isValue(key));
      const groups = isCluster ? ours.map((key) => [key]) : [ours];
      await Promise.all(
        groups
          .filter((group) => group.length > 0)
          .map((group) => this.#gate.run(() => client.unlink(...group))),
      );
    }
    await this.#ask({ tag: this.#keys.commonTag }, { code: 'c', keys: [] });
    this.#near?.clear();
  }

  /** Redis lets values expire by itself; here go those that expire by our clock before. */
  protected async _sweep(now: EpochMs): Promise<number> {
    const due: (() => Promise<number>)[] = [];
    for (const keys of this.#keys.remembered()) {
      for (const kind of ['ticker', 'orderBook'] as const) {
        if (isDue(keys.expiresAt[kind], now)) due.push(() => this.#sweepLatest(keys, kind));
      }
      if (isDue(keys.expiresAt.trades, now)) due.push(() => this.#sweepTrades(keys));
    }
    // Never so many at a time that others find no room.
    const atATime = Math.min(KEYS_A_SWEEP, Math.ceil(this.#options.maxPendingCommands / 4));
    let removed = 0;
    for (const group of inGroups(due, atATime)) {
      for (const count of await Promise.all(group.map((work) => work()))) removed += count;
    }
    return removed;
  }

  protected async _usage(): Promise<RealtimeUsage> {
    this.#writes.flush();
    const usage = { tickers: 0, orderBooks: 0, trades: 0, bytes: 0 };
    const seen = new Set<string>();
    for await (const page of this.#scan()) {
      const fresh = page.filter((key) => !seen.has(key));
      for (const key of fresh) seen.add(key);
      for (const [tickers, orderBooks, trades, bytes] of await this.#measure(fresh)) {
        usage.tickers += tickers;
        usage.orderBooks += orderBooks;
        usage.trades += trades;
        usage.bytes += bytes;
      }
    }
    return usage;
  }

  #scan(): AsyncGenerator<readonly string[]> {
    return scanKeys(this.#link.masters(), this.#keys, this.#gate);
  }

  #measure(page: readonly string[]): Promise<[number, number, number, number][]> {
    const kept = page.flatMap((key) => {
      const kind = this.#keys.parse(key)?.kind;
      return kind === undefined ? [] : [{ key, letter: KEY_LETTERS[kind] }];
    });
    const size = this.#link.isCluster ? 1 : KEYS_A_MEASURE;
    const groups = inGroups(kept, size);
    return Promise.all(
      groups.map(async (group) => {
        const keys = group.map(({ key }) => key);
        const args = [`${this.clock.now()}`, group.map(({ letter }) => letter).join('')];
        const reply = await this.#gate.run(() => MEASURE_SCRIPT.run(this.#link.client, keys, args));
        return reply as [number, number, number, number];
      }),
    );
  }

  async #sweepLatest(keys: SymbolKeys, kind: LatestKind): Promise<number> {
    keys.expiresAt[kind] = undefined;
    return Number(await this.#ask(keys, { code: 'e', keys: [keys[kind]] }));
  }

  async #sweepTrades(keys: SymbolKeys): Promise<number> {
    keys.expiresAt.trades = undefined;
    const answer = await this.#ask(keys, { code: 'w', keys: [keys.trades, keys.tradeIds] });
    const [expired, next = ''] = answer.split(' ');
    if (next !== '') keys.expiresAt.trades ??= Number(next);
    return Number(expired);
  }

  #livesAt(now: EpochMs): RedisLives {
    const life = (kind: keyof RealtimeExpiry): number => redisLife(this.expiresAt(kind, now) - now);
    const trades = life('tradesMs');
    return {
      ticker: `${life('tickerMs')}`,
      orderBook: `${life('orderBookMs')}`,
      trades: `${trades}`,
      arrivals: `${Math.max(trades, SHORTEST_ARRIVALS_LIFE_MS)}`,
    };
  }

  #expiry(keys: SymbolKeys, kind: LatestKind): EpochMs {
    const expiresAt = storedExpiry(this.expiresAt(`${kind}Ms`, this.clock.now()));
    keys.expiresAt[kind] = expiresAt;
    return expiresAt;
  }

  #set(kind: LatestKind, keys: SymbolKeys, value: string): Promise<RealtimeWriteResult> {
    return new Promise((resolve, reject) => {
      this.#write(keys, {
        code: kind === 'ticker' ? 't' : 'b',
        keys: [keys[kind]],
        value,
        resolve: (answer, version) => {
          const isStored = answer === 'stored';
          if (isStored) this.#hearOwn(kind, keys.symbol, version, value);
          resolve(isStored ? 'stored' : 'stale');
        },
        reject,
      });
    });
  }

  #deleteLatest(kind: LatestKind, symbol: string): Promise<boolean> {
    const keys = this.#keys.of(symbol);
    return new Promise((resolve, reject) => {
      this.#write(keys, {
        code: 'd',
        keys: [keys[kind]],
        resolve: (answer, version) => {
          this.#hearOwn(kind, symbol, version, undefined);
          resolve(answer === '1');
        },
        reject,
      });
    });
  }

  /** A value as it was sent; `undefined` when it was deleted. */
  #hearOwn(kind: LatestKind, symbol: string, version: number, value: string | undefined): void {
    this.#near?.hear(kind, symbol, version, value, this.clock.now());
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
    shelf: NearShelf<Value> | undefined,
    decode: (stored: string) => Value,
  ): Promise<Value | undefined> {
    this.#writes.flush();
    const key = this.#keys.of(symbol)[kind];
    const stored = await this.#turn.share(key, async () => {
      if (shelf === undefined || this.#near?.isOn !== true) {
        return this.#gate.run(() => this.#link.client.get(key));
      }
      const [found = null] = await this.#readAndKeep([symbol], [key], shelf);
      return found;
    });
    return this.#decodeLive(key, stored, decode);
  }

  async #readMany<Value>(
    symbols: readonly string[],
    kind: LatestKind,
    shelf: NearShelf<Value> | undefined,
    decode: (symbol: string, stored: string) => Value,
  ): Promise<(Value | undefined)[]> {
    this.#writes.flush();
    const size = this.#link.isCluster ? 1 : KEYS_A_READ;
    const groups = inGroups(symbols, size).map(async (group) => {
      const keys = group.map((symbol) => this.#keys.of(symbol)[kind]);
      const found =
        shelf !== undefined && this.#near?.isOn === true
          ? await this.#readAndKeep(group, keys, shelf)
          : await this.#gate.run(() => this.#link.client.mget(...keys));
      return group.map((symbol, i) =>
        this.#decodeLive(keys[i] ?? '', found[i] ?? null, (stored) => decode(symbol, stored)),
      );
    });
    return (await Promise.all(groups)).flat();
  }

  /** Reads values together with the number of the last write, so that it is known which are newer. */
  async #readAndKeep<Value>(
    symbols: readonly string[],
    keys: readonly string[],
    shelf: NearShelf<Value>,
  ): Promise<readonly (string | null)[]> {
    const places = symbols.map((symbol) => shelf.reserve(symbol));
    const [first = ''] = symbols;
    const sequence = this.#keys.sequence(this.#writes.tagOf(this.#keys.of(first)));
    const [version, ...found] = await this.#gate.run(() =>
      this.#link.client.mget(sequence, ...keys),
    );
    for (const [i, symbol] of symbols.entries()) {
      const place = places[i];
      if (place === undefined) continue;
      shelf.fill(symbol, place, Number(version), found[i] ?? null, this.clock.now());
    }
    return found;
  }

  #decodeLive<Value>(
    key: string,
    stored: string | null,
    decode: (stored: string) => Value,
  ): Value | undefined {
    if (stored === null) return undefined;
    if (!isLatestValue(stored)) {
      const message = `what Redis has under ${JSON.stringify(key)} was not written by Barkeep`;
      throw new BarkeepError('CORRUPT', message, { details: { key } });
    }
    return expiresAtOf(stored) > this.clock.now() ? decode(stored) : undefined;
  }

  #liveTrades(stored: readonly string[]): Trade[] {
    const now = this.clock.now();
    return stored.filter((one) => isLiveTrade(one, now)).map(decodeTrade);
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

  #hear(message: string): void {
    const { sequence, version, changes } = parseLiveMessage(message);
    if (!this.#sequences.follows(sequence, version)) this.#miss();
    this.#audience.tell(sequence, version, () => {
      for (const change of changes) this.#hearChange(change, version);
    });
  }

  #hearChange({ what, key, value }: LiveChange, version: number): void {
    if (what === '*') this.#near?.clear();
    const place = this.#keys.parse(key);
    if (place === undefined) return;
    const { kind, symbol } = place;
    if (kind !== 'trades') {
      const stored = what === '=' ? value : undefined;
      this.#near?.hear(kind, symbol, version, stored, this.clock.now());
    }
    if (this.#listeners === 0 || what === '-') return;
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

/** `undefined` when something other than this version of Barkeep told it. */
function eventOf(kind: KeyKind, symbol: string, value: string): RealtimeEvent | undefined {
  try {
    if (kind === 'trades') {
      const trades = decodeTrades(value);
      return trades && { type: 'trades', symbol, trades };
    }
    if (!isLatestValue(value)) return undefined;
    if (kind === 'ticker') return { type: 'ticker', ticker: decodeTicker(symbol, value) };
    const book = decodeOrderBook(symbol, value, Number.POSITIVE_INFINITY);
    return { type: 'orderBook', book };
  } catch {
    return undefined;
  }
}

/** What Redis takes as an expiry: whole milliseconds, and not too many. */
function redisLife(ms: number): number {
  return Math.min(Math.ceil(ms), LONGEST_LIFE_MS);
}

function isDue(expiresAt: EpochMs | undefined, now: EpochMs): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

function inGroups<T>(items: readonly T[], size: number): T[][] {
  const groups: T[][] = [];
  for (let i = 0; i < items.length; i += size) groups.push(items.slice(i, i + size));
  return groups;
}
