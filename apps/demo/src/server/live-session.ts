import { type Interval, type SeriesKey, seriesKeyText, type Unsubscribe } from '@barkeep/core';
import type { IMarketDataService, MarketDataEvent } from '@barkeep/market-data';
import type { ExchangeLine } from '../exchange/exchange-line.ts';
import type { EventStream } from './event-stream.ts';
import { readLiveStats } from './live-stats.ts';

const TRADES_AT_FIRST = 60;
const STATS_EVERY_MS = 2_000;

export interface LiveSessionOptions {
  readonly service: IMarketDataService;
  /** `undefined` where there is no exchange. */
  readonly line: ExchangeLine | undefined;
  readonly onError: (error: unknown) => void;
}

/** What one browser hears while it looks at one series: first how things stand, then each change. */
export class LiveSession {
  readonly #service: IMarketDataService;
  readonly #line: ExchangeLine | undefined;
  readonly #stream: EventStream;
  readonly #key: SeriesKey;
  readonly #onError: (error: unknown) => void;
  readonly #subscriptions: Unsubscribe[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor({ service, line, onError }: LiveSessionOptions, stream: EventStream, key: SeriesKey) {
    this.#service = service;
    this.#line = line;
    this.#onError = onError;
    this.#stream = stream;
    this.#key = key;
  }

  /** Runs until the browser goes. `symbols` are those whose tickers it shows. */
  begin(symbols: readonly string[]): void {
    const tellStats = (): void => this.#attempt(this.#sendStats());
    this.#subscriptions.push(this.#service.subscribe({}, (event) => this.#forward(event)));
    if (this.#line !== undefined) this.#subscriptions.push(this.#line.subscribe(tellStats));
    this.#timer = setInterval(tellStats, STATS_EVERY_MS);
    this.#stream.onClose(() => this.end());
    this.#attempt(this.#sendState(symbols));
  }

  end(): void {
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
    clearInterval(this.#timer);
    this.#stream.close();
  }

  async #sendState(symbols: readonly string[]): Promise<void> {
    const { symbol } = this.#key;
    for (const ticker of await this.#service.getTickers(symbols)) {
      if (ticker !== undefined) this.#stream.send('ticker', ticker);
    }
    const book = await this.#service.getOrderBook(symbol);
    if (book !== undefined) this.#stream.send('book', book);
    this.#stream.send('trades', await this.#service.getTrades(symbol, { limit: TRADES_AT_FIRST }));
    await this.#sendStats();
  }

  #forward(event: MarketDataEvent): void {
    const { symbol } = this.#key;
    if (event.type === 'ticker') this.#stream.send('ticker', event.ticker);
    else if (event.type === 'orderBook' && event.book.symbol === symbol) {
      this.#stream.send('book', event.book);
    } else if (event.type === 'trades' && event.symbol === symbol) {
      this.#stream.send('trades', event.trades);
    } else if (event.type === 'candles' && seriesKeyText(event.key) === seriesKeyText(this.#key)) {
      this.#attempt(this.#sendCandles(event.interval));
    }
  }

  /** The news of a change does not carry the candles: they are read as by anyone else. */
  async #sendCandles({ from, to }: Interval): Promise<void> {
    const { series } = await this.#service.getCandles(
      { ...this.#key, from, to },
      { fetchMissing: false },
    );
    this.#stream.send('candles', series.toArray());
  }

  async #sendStats(): Promise<void> {
    this.#stream.send('stats', await readLiveStats(this.#service, this.#line?.cutUntil));
  }

  #attempt(work: Promise<void>): void {
    work.catch((error) => {
      this.end();
      this.#onError(error);
    });
  }
}
