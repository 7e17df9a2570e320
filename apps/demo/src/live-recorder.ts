import {
  type Candle,
  type Clock,
  type EpochMs,
  type OrderBook,
  type SeriesKey,
  seriesKeyText,
  type Ticker,
  type Trade,
  timeframeGrid,
} from '@barkeep/core';
import type { IMarketDataService } from '@barkeep/market-data';
import { EXCHANGE_SOURCE } from './exchange/exchange-coordinator.ts';
import type { ExchangeMessage } from './exchange/exchange-message.ts';
import { LONGEST_DELAY_MS } from './exchange/exchange-stream.ts';

/** A period is over when the exchange's clock says so and its last messages have had time to come. */
export const GRACE_MS = LONGEST_DELAY_MS + 500;

/** What came through the stream, and what became of it. */
export interface LiveTally {
  messages: number;
  trades: number;
  /** Trades that came a second time. */
  repeatedTrades: number;
  /** Candles that came after their period had ended. */
  lateCandles: number;
  /** Candles that came after a newer state of themselves. */
  outdatedCandles: number;
}

interface RecordedSeries {
  readonly key: SeriesKey;
  /** The states of candles that are not final, by timestamp. */
  readonly states: Map<EpochMs, CandleState>;
  /** Everything before is final; everything from here on comes through the stream. */
  finalUntil: EpochMs;
}

interface CandleState {
  readonly candle: Candle;
  readonly asOf: EpochMs;
  saved: boolean;
}

/** Puts the exchange's live messages into the service, and says which candles have become final. */
export class LiveRecorder {
  readonly tally: LiveTally = {
    messages: 0,
    trades: 0,
    repeatedTrades: 0,
    lateCandles: 0,
    outdatedCandles: 0,
  };
  readonly #service: IMarketDataService;
  readonly #clock: Clock;
  readonly #series = new Map<string, RecordedSeries>();

  /** The clock is the exchange's. */
  constructor(service: IMarketDataService, clock: Clock) {
    this.#service = service;
    this.#clock = clock;
  }

  /** From the current period on, all of this series comes through `record`: its snapshot first. */
  begin(key: SeriesKey): void {
    if (this.#series.has(seriesKeyText(key))) return;
    const finalUntil = timeframeGrid(key.timeframe).floor(this.#clock.now());
    this.#series.set(seriesKeyText(key), { key, states: new Map(), finalUntil });
  }

  async record(messages: readonly ExchangeMessage[]): Promise<void> {
    const tickers = new Map<string, Ticker>();
    const books = new Map<string, OrderBook>();
    const trades = new Map<string, Trade[]>();
    for (const message of messages) {
      this.tally.messages += 1;
      if (message.type === 'ticker') tickers.set(message.ticker.symbol, message.ticker);
      else if (message.type === 'orderBook') books.set(message.book.symbol, message.book);
      else if (message.type === 'trade') addTo(trades, message.symbol, message.trade);
      else this.#take(message.key, message.candle, message.asOf);
    }
    await Promise.all([
      ...Array.from(tickers.values(), (ticker) => this.#service.updateTicker(ticker)),
      ...Array.from(books.values(), (book) => this.#service.updateOrderBook(book)),
      ...Array.from(trades, ([symbol, list]) => this.#appendTrades(symbol, list)),
      ...Array.from(this.#series.values(), (series) => this.#save(series)),
    ]);
  }

  #take(key: SeriesKey, candle: Candle, asOf: EpochMs): void {
    const series = this.#series.get(seriesKeyText(key));
    if (series === undefined || candle.timestamp < series.finalUntil) return;
    const end = timeframeGrid(key.timeframe).shift(candle.timestamp);
    if (this.#clock.now() >= end) this.tally.lateCandles += 1;
    const known = series.states.get(candle.timestamp);
    if (known !== undefined && known.asOf > asOf) this.tally.outdatedCandles += 1;
    else series.states.set(candle.timestamp, { candle, asOf, saved: false });
  }

  async #appendTrades(symbol: string, trades: readonly Trade[]): Promise<void> {
    const { added, duplicates } = await this.#service.appendTrades(symbol, trades);
    this.tally.trades += added;
    this.tally.repeatedTrades += duplicates;
  }

  /** Saves what is new, as final up to the last period that has ended. */
  async #save(series: RecordedSeries): Promise<void> {
    const { key, states, finalUntil } = series;
    const endedUntil = timeframeGrid(key.timeframe).floor(this.#clock.now() - GRACE_MS);
    const fresh = [...states.values()].filter(({ saved }) => !saved);
    const covers = endedUntil > finalUntil ? { from: finalUntil, to: endedUntil } : undefined;
    if (fresh.length === 0 && covers === undefined) return;
    await this.#service.saveCandles(
      key,
      fresh.map(({ candle }) => candle),
      { source: EXCHANGE_SOURCE, covers },
    );
    for (const state of fresh) state.saved = true;
    series.finalUntil = Math.max(finalUntil, endedUntil);
    for (const timestamp of states.keys()) {
      if (timestamp < series.finalUntil) states.delete(timestamp);
    }
  }
}

function addTo(trades: Map<string, Trade[]>, symbol: string, trade: Trade): void {
  const list = trades.get(symbol);
  if (list === undefined) trades.set(symbol, [trade]);
  else list.push(trade);
}
