import {
  appendFileSync,
  closeSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Clock, OrderBook, Ticker, Trade } from '@barkeep/core';
import type { RealtimeCapabilities, RealtimeEvent, RealtimeSelector } from '@barkeep/realtime';
import { ReferenceRealtime } from './reference-realtime.ts';

const METHODS = [
  ...['_setTicker', '_getTicker', '_deleteTicker', '_setOrderBook', '_getOrderBook'],
  ...['_deleteOrderBook', '_appendTrades', '_recentTrades', '_replayTrades', '_deleteTrades'],
  ...['_clear', '_sweep', '_usage'],
];
const LOOKS = ['_getTicker', '_getOrderBook', '_recentTrades', '_replayTrades', '_usage'];
const LOOK_EVERY_MS = 2;

export interface SharedPlace {
  readonly directory: string;
  readonly clock: Clock;
}

/** The same over files, for all processes: each call reads them all and writes them all. */
export class SharedReferenceRealtime extends ReferenceRealtime {
  protected readonly directory: string;
  #depth = 0;
  #text = '';
  #told = 0;
  #now = 0;
  #looking: ReturnType<typeof setInterval> | undefined;

  constructor({ directory, clock }: SharedPlace, capabilities: Partial<RealtimeCapabilities> = {}) {
    super(clock, { sharing: 'multi-process', platforms: ['node'], ...capabilities });
    this.directory = directory;
    for (const name of METHODS) {
      const method: unknown = Reflect.get(this, name);
      if (typeof method !== 'function') throw new TypeError(name);
      Reflect.set(this, name, (...given: unknown[]) =>
        this.exclusively(() => Reflect.apply(method, this, given), LOOKS.includes(name)),
      );
    }
  }

  /** Lets time pass for everyone who shares a directory. */
  static pass(directory: string, ms: number): void {
    const path = join(directory, 'now');
    writeFileSync(path, `${Number(read(path) || '0') + ms}`);
  }

  override subscribe(
    selector: RealtimeSelector,
    listener: (event: RealtimeEvent) => void,
  ): () => void {
    this.tellNews();
    return super.subscribe(selector, listener);
  }

  protected override _start(): void {
    this.#told = readFrom(this.pathOf('events'), 0).length;
    this.#looking = setInterval(() => this.tellNews(), LOOK_EVERY_MS);
    this.#looking.unref();
  }

  protected override _stop(): void {
    clearInterval(this.#looking);
  }

  protected override now(): number {
    return this.#now;
  }

  protected override _setTicker(ticker: Ticker): ReturnType<ReferenceRealtime['_setTicker']> {
    const result = super._setTicker(ticker);
    if (result === 'stored') this.announce({ type: 'ticker', ticker });
    return result;
  }

  protected override _setOrderBook(
    book: OrderBook,
  ): ReturnType<ReferenceRealtime['_setOrderBook']> {
    const result = super._setOrderBook(book);
    if (result === 'stored') this.announce({ type: 'orderBook', book });
    return result;
  }

  protected override _appendTrades(symbol: string, given: readonly Trade[]): Trade[] {
    const trades = super._appendTrades(symbol, given);
    if (trades.length > 0) this.announce({ type: 'trades', symbol, trades });
    return trades;
  }

  protected announce(event: RealtimeEvent): void {
    appendFileSync(this.pathOf('events'), `${JSON.stringify(event)}\n`);
  }

  protected exclusively<T>(work: () => T, isLook = false): T {
    if (this.#depth > 0) return work();
    const lock = this.pathOf('lock');
    while (!isMade(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    this.#depth += 1;
    try {
      this.#now = Number(read(this.pathOf('now')) || '0');
      this.load();
      const result = work();
      if (!isLook) this.save();
      return result;
    } finally {
      this.#depth -= 1;
      rmSync(lock);
      this.tellNews();
    }
  }

  protected load(): void {
    const text = read(this.pathOf('data')) || '{}';
    if (text === this.#text) return;
    this.#text = text;
    const kept = JSON.parse(text);
    this.tickersBySymbol = new Map(kept.tickers);
    this.booksBySymbol = new Map(kept.books);
    this.tradesBySymbol = new Map(kept.trades);
    this.lost = new Map(kept.lost);
    this.lostUntil = new Map(kept.lostUntil);
    this.arrivals = kept.arrivals ?? 0;
    this.incarnation = kept.incarnation ?? this.incarnation;
  }

  protected save(): void {
    const { arrivals, incarnation } = this;
    const maps = {
      tickers: [...this.tickersBySymbol],
      books: [...this.booksBySymbol],
      trades: [...this.tradesBySymbol],
      lost: [...this.lost],
      lostUntil: [...this.lostUntil],
    };
    this.#text = JSON.stringify({ ...maps, arrivals, incarnation });
    writeFileSync(this.pathOf('data'), this.#text);
  }

  protected tellNews(): void {
    const news = readFrom(this.pathOf('events'), this.#told);
    this.#told += news.length;
    for (const line of news.toString().split('\n').slice(0, -1)) this.publish(JSON.parse(line));
  }

  protected pathOf(name: string): string {
    return join(this.directory, name);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** What a file has from a place on. */
function readFrom(path: string, start: number): Buffer {
  const length = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) - start;
  if (length <= 0) return Buffer.alloc(0);
  const bytes = Buffer.alloc(length);
  const file = openSync(path, 'r');
  readSync(file, bytes, 0, length, start);
  closeSync(file);
  return bytes;
}

function isMade(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx'));
    return true;
  } catch {
    return false;
  }
}
