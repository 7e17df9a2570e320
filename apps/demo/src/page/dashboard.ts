import type { Candle, Timeframe } from '@barkeep/core';
import type { CandlePage, LiveStats, MarketChoice, MarketList } from '../server/wire.ts';
import { followAppearance } from './appearance.ts';
import { CandleChart } from './candle-chart.ts';
import { showLegend } from './candle-legend.ts';
import { CandleStore } from './candle-store.ts';
import { labelChart } from './chart-label.ts';
import { DatabasePanel } from './database-panel.ts';
import { ExchangePanel } from './exchange-panel.ts';
import {
  cutConnection,
  fetchCandlesBefore,
  fetchCandlesBetween,
  fetchMarkets,
} from './fetch-candles.ts';
import { connectLive } from './live-connection.ts';
import { MarketTabs } from './market-tabs.ts';
import { OrderBookPanel } from './order-book-panel.ts';
import { pageElement } from './page-element.ts';
import { showAnswer, showConnection, showStats } from './status-line.ts';
import { TickerPanel } from './ticker-panel.ts';
import { TimeframeButtons } from './timeframe-buttons.ts';
import { TradesPanel } from './trades-panel.ts';

/** How many candles one request for history brings. */
const PAGE = 600;

interface Selection {
  readonly market: MarketChoice;
  readonly timeframe: Timeframe;
}

/** The page: one selected series, its live connection, and the panels that show it. */
class Dashboard {
  readonly #list: MarketList;
  readonly #tabs: MarketTabs;
  readonly #timeframes: TimeframeButtons;
  readonly #chart: CandleChart;
  readonly #candles = new CandleStore();
  readonly #ticker = new TickerPanel();
  readonly #book = new OrderBookPanel();
  readonly #trades = new TradesPanel();
  readonly #exchange = new ExchangePanel(() => void this.#cut());
  #selection: Selection;
  #connection: { close(): void } | undefined;
  #loading = false;
  #reachedStart = false;
  #pointedAt: number | undefined;

  constructor(list: MarketList) {
    this.#list = list;
    this.#selection = selectionOf(list, decodeURIComponent(location.hash.slice(1)));
    this.#tabs = new MarketTabs(list.markets, (market) => this.#select({ market }));
    this.#timeframes = new TimeframeButtons(list.timeframes, (timeframe) =>
      this.#select({ timeframe }),
    );
    this.#chart = new CandleChart(pageElement('chart'), {
      onHistoryWanted: () => void this.#loadHistory(),
      onPointed: (timestamp) => this.#point(timestamp),
    });
    followAppearance(() => this.#chart.restyle(this.#candles.all));
    this.#chart.restyle([]);
    document.body.setAttribute('data-live', String(list.live));
    this.#select({});
  }

  #select(change: Partial<Selection>): void {
    this.#selection = { ...this.#selection, ...change };
    const { market, timeframe } = this.#selection;
    history.replaceState(null, '', `#${encodeURIComponent(market.symbol)}/${timeframe}`);
    this.#tabs.select(market.symbol);
    this.#timeframes.select(timeframe);
    this.#ticker.begin(market);
    this.#book.clear();
    this.#trades.clear();
    void this.#begin(this.#selection);
  }

  async #begin(selection: Selection): Promise<void> {
    this.#connection?.close();
    this.#candles.clear();
    this.#chart.draw([]);
    this.#reachedStart = true;
    const { market, timeframe } = selection;
    const page = await this.#load(() =>
      fetchCandlesBefore(market.symbol, timeframe, undefined, PAGE),
    );
    if (page === undefined || selection !== this.#selection) return;
    this.#candles.prepend(page);
    this.#reachedStart = this.#candles.first === undefined;
    this.#chart.begin(this.#candles.all, !/^\d+[dwMy]/.test(timeframe));
    this.#label();
    this.#point(undefined);
    if (this.#list.live) this.#connect(selection);
    else this.#showFile();
  }

  #connect(selection: Selection): void {
    const { symbol } = selection.market;
    let lost = false;
    this.#connection = connectLive(symbol, selection.timeframe, {
      opened: () => {
        showConnection('live', 'live');
        if (lost) void this.#catchUp(selection);
        lost = false;
      },
      lost: () => {
        showConnection('lost', 'reconnecting');
        this.#exchange.showUnknown();
        lost = true;
      },
      ticker: (ticker) => {
        this.#tabs.show(ticker);
        if (ticker.symbol !== symbol) return;
        this.#ticker.show(ticker);
        if (ticker.price !== undefined) this.#book.showPrice(ticker.price);
      },
      book: (book) => this.#book.show(book),
      trades: (trades) => this.#trades.add(trades),
      candles: (candles) => this.#put(candles),
      stats: (stats) => this.#showStats(stats),
    });
  }

  /** What the stream did not say while it was lost. */
  async #catchUp(selection: Selection): Promise<void> {
    const { market, timeframe } = selection;
    const from = this.#candles.last?.timestamp;
    const page = await this.#load(() =>
      from === undefined
        ? fetchCandlesBefore(market.symbol, timeframe, undefined, PAGE)
        : fetchCandlesBetween(market.symbol, timeframe, { from, to: Date.now() }),
    );
    if (page !== undefined && selection === this.#selection) this.#put(page.candles);
  }

  #put(candles: readonly Candle[]): void {
    for (const candle of candles) {
      const late = candle.timestamp < (this.#candles.last?.timestamp ?? candle.timestamp);
      const known = this.#candles.find(candle.timestamp) !== undefined;
      this.#candles.put(candle);
      if (late && !known) this.#chart.draw(this.#candles.all);
      else this.#chart.update(candle, late);
    }
    this.#label();
    if (this.#pointedAt === undefined) showLegend(this.#candles.last);
  }

  #label(): void {
    const { market, timeframe } = this.#selection;
    labelChart(`${market.symbol} ${timeframe}`, this.#candles.all);
  }

  #showStats(stats: LiveStats): void {
    showStats(stats);
    if (stats.exchange !== undefined) this.#exchange.show(stats.exchange);
  }

  async #cut(): Promise<void> {
    try {
      await cutConnection();
    } catch (error) {
      this.#notify(error);
    }
  }

  async #loadHistory(): Promise<void> {
    const oldest = this.#candles.first;
    if (this.#loading || this.#reachedStart || oldest === undefined) return;
    const selection = this.#selection;
    const { market, timeframe } = selection;
    const page = await this.#load(() =>
      fetchCandlesBefore(market.symbol, timeframe, oldest.timestamp, PAGE),
    );
    if (page === undefined || selection !== this.#selection) return;
    this.#reachedStart = page.candles.length === 0;
    this.#candles.prepend(page);
    this.#chart.draw(this.#candles.all);
    this.#label();
  }

  async #load(request: () => Promise<CandlePage>): Promise<CandlePage | undefined> {
    const notice = pageElement('notice');
    this.#loading = true;
    notice.textContent = 'Loading candles …';
    notice.hidden = false;
    try {
      const page = await request();
      showAnswer(page);
      notice.hidden = true;
      return page;
    } catch (error) {
      this.#notify(error);
      return undefined;
    } finally {
      this.#loading = false;
    }
  }

  #notify(error: unknown): void {
    const notice = pageElement('notice');
    notice.textContent = error instanceof Error ? error.message : String(error);
    notice.hidden = false;
  }

  #point(timestamp: number | undefined): void {
    this.#pointedAt = timestamp;
    showLegend(timestamp === undefined ? this.#candles.last : this.#candles.find(timestamp));
  }

  #showFile(): void {
    showConnection('file', 'candles of a file');
    const last = this.#candles.last;
    if (last !== undefined) this.#ticker.showPrice(last.close, last.close - last.open);
  }
}

/** The series that the address names, else the first. */
function selectionOf(list: MarketList, hash: string): Selection {
  const slash = hash.lastIndexOf('/');
  const [firstMarket] = list.markets;
  const [firstTimeframe] = list.timeframes;
  const market = list.markets.find(({ symbol }) => symbol === hash.slice(0, slash)) ?? firstMarket;
  const timeframe = list.timeframes.find((one) => one === hash.slice(slash + 1)) ?? firstTimeframe;
  if (market === undefined || timeframe === undefined) throw new Error('there are no markets');
  return { market, timeframe };
}

new Dashboard(await fetchMarkets());
new DatabasePanel();
