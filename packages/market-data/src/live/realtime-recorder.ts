import {
  BarkeepError,
  type Clock,
  type ClockTimer,
  type OrderBook,
  type Ticker,
  type Trade,
} from '@barkeep/core';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { FailureEvent } from '../contract/market-data-event.ts';
import type { RealtimeRecordingStatistics } from '../contract/market-data-statistics.ts';
import { FailureLog } from './failure-log.ts';

/** More trades of a symbol that wait to be stored are dropped, the oldest first. */
const MAX_WAITING_TRADES = 50_000;
/** As many wait of all symbols together. */
const MAX_WAITING_IN_ALL = 100_000;
/** This many more may wait until they are dropped together: one by one, each would move all the others. */
const DROPPED_TOGETHER = 1_000;
/** A cache that failed is left alone for this long: everything that waits would be tried with each event. */
const RETRY_MS = 1_000;

/**
 * Puts the tickers, order books and trades that come through the router into the realtime cache. While
 * a write is under way, newer tickers and books of a symbol replace those that wait, so a slow cache
 * lags by one round trip and never by a queue. Trades wait together; those that could not be stored are
 * tried again a little later, with all that came meanwhile.
 */
export class RealtimeRecorder {
  readonly #realtime: IRealtimeCache;
  readonly #clock: Clock;
  #tickers = new Map<string, Ticker>();
  #books = new Map<string, OrderBook>();
  #trades = new Map<string, Trade[]>();
  #waitingTrades = 0;
  #draining: Promise<void> | undefined;
  /** There while the cache is left alone. */
  #retry: ClockTimer | undefined;
  readonly #counts = { stored: 0, outdated: 0, duplicates: 0, dropped: 0, failures: 0 };
  readonly #failures: FailureLog;

  /** `onFailure` is called for each failure. */
  constructor(realtime: IRealtimeCache, clock: Clock, onFailure: (failure: FailureEvent) => void) {
    this.#realtime = realtime;
    this.#clock = clock;
    this.#failures = new FailureLog('realtime', clock, onFailure);
  }

  get statistics(): RealtimeRecordingStatistics {
    return { ...this.#counts, lastError: this.#failures.last };
  }

  /** Resolves when everything that was taken is stored, or could not be. */
  async close(): Promise<void> {
    await this.#draining;
    this.#drainAgain();
    await this.#draining;
    this.#retry?.cancel();
  }

  takeTicker(ticker: Ticker): void {
    this.#replace(this.#tickers, ticker);
  }

  takeOrderBook(book: OrderBook): void {
    this.#replace(this.#books, book);
  }

  takeTrades(symbol: string, trades: readonly Trade[]): void {
    const waiting = this.#trades.get(symbol) ?? [];
    for (const trade of trades) waiting.push(trade);
    this.#wait(symbol, waiting, trades.length);
    this.#drain();
  }

  #replace<Value extends { readonly symbol: string; readonly timestamp: number }>(
    waiting: Map<string, Value>,
    value: Value,
  ): void {
    const before = waiting.get(value.symbol);
    if (before !== undefined && before.timestamp > value.timestamp) this.#counts.outdated += 1;
    else waiting.set(value.symbol, value);
    this.#drain();
  }

  /** The symbol's trades wait; so many of them are new. */
  #wait(symbol: string, waiting: Trade[], added: number): void {
    this.#trades.set(symbol, waiting);
    this.#waitingTrades += added;
    const surplus = Math.max(
      waiting.length - MAX_WAITING_TRADES,
      Math.min(waiting.length, this.#waitingTrades - MAX_WAITING_IN_ALL),
    );
    if (surplus < DROPPED_TOGETHER) return;
    waiting.splice(0, surplus);
    this.#waitingTrades -= surplus;
    this.#counts.dropped += surplus;
  }

  #drainAgain(): void {
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#drain();
  }

  #drain(): void {
    if (this.#retry !== undefined) return;
    this.#draining ??= this.#drainAll().finally(() => {
      this.#draining = undefined;
    });
  }

  async #drainAll(): Promise<void> {
    // What comes in one turn of the event loop is written together.
    await Promise.resolve();
    for (let isWhole = true; isWhole && this.#isWaiting; ) {
      const [tickers, books, trades] = [this.#tickers, this.#books, this.#trades];
      this.#tickers = new Map();
      this.#books = new Map();
      this.#trades = new Map();
      this.#waitingTrades = 0;
      const written = await Promise.all([
        ...Array.from(tickers.values(), (ticker) =>
          this.#write(this.#realtime.tickers.set(ticker)),
        ),
        ...Array.from(books.values(), (book) => this.#write(this.#realtime.orderBooks.set(book))),
        ...Array.from(trades, ([symbol, list]) => this.#append(symbol, list)),
      ]);
      isWhole = written.every((one) => one);
      if (!isWhole) this.#retry = this.#clock.setTimer(() => this.#drainAgain(), RETRY_MS);
    }
  }

  get #isWaiting(): boolean {
    return this.#tickers.size + this.#books.size + this.#trades.size > 0;
  }

  /** Resolves to whether the cache can be given more at once. */
  async #write(writing: Promise<'stored' | 'stale'>): Promise<boolean> {
    try {
      this.#counts[(await writing) === 'stored' ? 'stored' : 'outdated'] += 1;
      return true;
    } catch (error) {
      // The next value of the symbol says more than this one did.
      this.#failed(error);
      return isRefusal(error);
    }
  }

  /** As `#write`. Of trades that the cache refuses, those that it refuses alone are dropped. */
  async #append(symbol: string, trades: Trade[]): Promise<boolean> {
    try {
      const { added, duplicates } = await this.#realtime.trades.append(symbol, trades);
      this.#counts.stored += added;
      this.#counts.duplicates += duplicates;
      return true;
    } catch (error) {
      this.#failed(error);
      if (!isRefusal(error)) {
        const waiting = [...trades, ...(this.#trades.get(symbol) ?? [])];
        this.#wait(symbol, waiting, trades.length);
        return false;
      }
    }
    if (trades.length === 1) {
      this.#counts.dropped += 1;
      return true;
    }
    const middle = Math.ceil(trades.length / 2);
    const isWhole = await this.#append(symbol, trades.slice(0, middle));
    return (await this.#append(symbol, trades.slice(middle))) && isWhole;
  }

  #failed(error: unknown): void {
    this.#counts.failures += 1;
    this.#failures.add(error);
  }
}

/** Whether the cache will never take it: it must not keep what comes after it from being stored. */
function isRefusal(error: unknown): boolean {
  return BarkeepError.is(error, 'INVALID_INPUT');
}
