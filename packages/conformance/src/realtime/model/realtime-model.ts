import type { OrderBook, Ticker, Trade } from '@barkeep/core';
import type { IRealtimeCache, RealtimeWriteResult } from '@barkeep/realtime';
import type { Part } from './realtime-command.ts';

interface Kept<Value> {
  readonly value: Value;
  readonly expiresAt: number;
}

interface KeptTrade extends Kept<Trade> {
  readonly arrival: number;
}

/** What a replay after a cursor must and may say. */
export interface ExpectedReplay {
  readonly trades: readonly Trade[];
  /** `undefined`: either. */
  readonly gap: boolean | undefined;
}

export interface ModelTimes {
  /** What lives are measured by: the time that passes, whatever the wall clock is set to. */
  now(): number;
  /** The latest timestamp that is believed. */
  latest(): number;
}

/** What a realtime cache does, in the plainest way. */
export class RealtimeModel {
  readonly #times: ModelTimes;
  readonly #expiry: IRealtimeCache['expiry'];
  readonly #maxTrades: number;
  readonly #maxDepth: number;
  readonly #tickers = new Map<string, Kept<Ticker>>();
  readonly #books = new Map<string, Kept<OrderBook>>();
  /** Ascending by timestamp, then by arrival. */
  readonly #trades = new Map<string, KeptTrade[]>();
  /** The last arrival of each symbol that is gone, and of all symbols. */
  readonly #lost = new Map<string, number>();
  #lastLost = 0;
  /** What is no newer was pushed out of a symbol or refused before. */
  readonly #lostUntil = new Map<string, number>();
  readonly counts = { stored: 0, stale: 0, duplicates: 0 };
  arrivals = 0;

  constructor({ expiry, capabilities }: IRealtimeCache, times: ModelTimes) {
    this.#times = times;
    this.#expiry = expiry;
    this.#maxTrades = capabilities.maxTradesPerSymbol;
    this.#maxDepth = capabilities.maxBookDepth ?? Number.POSITIVE_INFINITY;
  }

  setTicker(ticker: Ticker): RealtimeWriteResult {
    return this.#set(this.#tickers, ticker, this.#expiry.tickerMs);
  }

  setBook(book: OrderBook): RealtimeWriteResult {
    return this.#set(this.#books, this.cut(book), this.#expiry.orderBookMs);
  }

  ticker(symbol: string): Ticker | undefined {
    return this.#live(this.#tickers.get(symbol));
  }

  book(symbol: string, depth: number = Number.POSITIVE_INFINITY): OrderBook | undefined {
    const book = this.#live(this.#books.get(symbol));
    return book && cutBook(book, depth);
  }

  /** The levels that are kept of a book. */
  cut(book: OrderBook): OrderBook {
    return cutBook(book, this.#maxDepth);
  }

  /** Returns those that were added. */
  append(symbol: string, trades: readonly Trade[]): Trade[] {
    const kept = this.#liveTrades(symbol);
    const ids = new Set(kept.map(({ value }) => value.id));
    const given = new Set<string>();
    const added = trades.filter((value) => {
      if (given.has(value.id)) return false;
      given.add(value.id);
      if (ids.has(value.id) || !this.#makeRoom(symbol, kept, ids, value)) return false;
      ids.add(value.id);
      this.arrivals += 1;
      const expiresAt = this.#times.now() + this.#expiry.tradesMs;
      const after = kept.findLastIndex((one) => one.value.timestamp <= value.timestamp);
      kept.splice(after + 1, 0, { value, expiresAt, arrival: this.arrivals });
      return true;
    });
    this.#trades.set(symbol, kept);
    this.counts.stored += added.length;
    this.counts.duplicates += trades.length - added.length;
    return added;
  }

  recent(symbol: string, limit: number = Number.POSITIVE_INFINITY, since: number = 0): Trade[] {
    const wanted = this.#liveTrades(symbol).filter(({ value }) => value.timestamp >= since);
    return wanted.slice(Math.max(0, wanted.length - limit)).map(({ value }) => value);
  }

  replay(symbol: string, after: number | undefined): ExpectedReplay {
    const seen = after ?? 0;
    const unseen = this.#liveTrades(symbol).filter(({ arrival }) => arrival > seen);
    const trades = unseen.sort((a, b) => a.arrival - b.arrival).map(({ value }) => value);
    const isLost = (this.#lost.get(symbol) ?? 0) > seen;
    // What happened to other symbols may be reported too.
    const isSure = after === undefined || isLost || this.#lastLost <= seen;
    return { trades, gap: isSure ? isLost && after !== undefined : undefined };
  }

  delete(part: Part, symbol: string): boolean {
    if (part === 'trades') {
      const trades = this.#liveTrades(symbol);
      this.#lose(symbol, trades);
      this.#trades.delete(symbol);
      this.#lostUntil.delete(symbol);
      return trades.length > 0;
    }
    const values = part === 'tickers' ? this.#tickers : this.#books;
    const wasThere = this.#live<Ticker | OrderBook>(values.get(symbol)) !== undefined;
    values.delete(symbol);
    return wasThere;
  }

  clear(): void {
    for (const symbol of this.#trades.keys()) this.delete('trades', symbol);
    this.#tickers.clear();
    this.#books.clear();
    // Cursors may be forgotten with all that there was.
    this.arrivals += 1;
    this.#lastLost = this.arrivals;
  }

  usage(): Readonly<Record<Part, number>> {
    const live = <Value>(values: Iterable<Kept<Value>>) =>
      [...values].filter((one) => this.#live(one) !== undefined).length;
    const trades = [...this.#trades.keys()].flatMap((symbol) => this.#liveTrades(symbol));
    return {
      tickers: live(this.#tickers.values()),
      orderBooks: live(this.#books.values()),
      trades: trades.length,
    };
  }

  #set<Value extends Ticker | OrderBook>(
    values: Map<string, Kept<Value>>,
    value: Value,
    lifeMs: number,
  ): RealtimeWriteResult {
    const before = this.#live(values.get(value.symbol));
    const latest = this.#times.latest();
    const isObstacle =
      before !== undefined && (before.timestamp <= latest || value.timestamp > latest);
    const result = isObstacle && before.timestamp > value.timestamp ? 'stale' : 'stored';
    this.counts[result] += 1;
    if (result === 'stored') {
      values.set(value.symbol, { value, expiresAt: this.#times.now() + lifeMs });
    }
    return result;
  }

  /** Of a full symbol the oldest goes, or one from too far ahead; nothing goes for what is older than all. */
  #makeRoom(symbol: string, kept: KeptTrade[], ids: Set<string>, { timestamp }: Trade): boolean {
    const [oldest, newest] = [kept[0], kept.at(-1)];
    if (kept.length < this.#maxTrades || oldest === undefined || newest === undefined) return true;
    const latest = this.#times.latest();
    if (timestamp <= latest && newest.value.timestamp > latest) {
      this.#lose(symbol, kept.splice(-1));
      ids.delete(newest.value.id);
      return true;
    }
    const until = this.#lostUntil.get(symbol) ?? 0;
    const isNewer = timestamp >= oldest.value.timestamp;
    this.#lostUntil.set(symbol, Math.max(until, isNewer ? oldest.value.timestamp : timestamp));
    if (isNewer) {
      this.#lose(symbol, kept.splice(0, 1));
      ids.delete(oldest.value.id);
    } else {
      this.arrivals += 1;
      this.#lastLost = this.arrivals;
      if (timestamp > until) this.#lost.set(symbol, this.arrivals);
    }
    return isNewer;
  }

  #lose(symbol: string, trades: readonly KeptTrade[]): void {
    for (const { arrival } of trades) {
      this.#lost.set(symbol, Math.max(arrival, this.#lost.get(symbol) ?? 0));
      this.#lastLost = Math.max(arrival, this.#lastLost);
    }
  }

  #live<Value>(kept: Kept<Value> | undefined): Value | undefined {
    return kept !== undefined && kept.expiresAt > this.#times.now() ? kept.value : undefined;
  }

  #liveTrades(symbol: string): KeptTrade[] {
    const now = this.#times.now();
    const trades = this.#trades.get(symbol) ?? [];
    const live = trades.filter(({ expiresAt }) => expiresAt > now);
    if (live.length < trades.length) {
      this.#lose(
        symbol,
        trades.filter(({ expiresAt }) => expiresAt <= now),
      );
      this.#trades.set(symbol, live);
    }
    return live;
  }
}

function cutBook({ bids, asks, ...book }: OrderBook, depth: number): OrderBook {
  return { ...book, bids: bids.slice(0, depth), asks: asks.slice(0, depth) };
}
