import {
  BarkeepError,
  type CallOptions,
  type CandleInput,
  type CandleSeries,
  type EpochMs,
  Handle,
  type Interval,
  OperationStatistics,
  type OrderBook,
  onlyKnownKeys,
  type SeriesKey,
  type Ticker,
  type Trade,
  type TradeInput,
  throwIfAborted,
  type Unsubscribe,
  untilAborted,
  validateOrderBook,
  validateSeriesKey,
  validateTicker,
  validateTrades,
} from '@barkeep/core';
import type {
  IRealtimeCache,
  OrderBookReadOptions,
  RealtimeWriteResult,
  TradeAppendResult,
  TradeReadOptions,
} from '@barkeep/realtime';
import {
  type CandleQuery,
  type CandleScan,
  type CheckedQuery,
  checkQuery,
  type IMarketDataStorage,
  type SeriesFilter,
  type SeriesInfo,
  type WriteResult,
} from '@barkeep/storage';
import type { OwnedParts } from './adapters/owned-parts.ts';
import { ChangeListeners } from './change-listeners.ts';
import { checkGetOptions } from './check-get-options.ts';
import { checkedBatch, checkedBatches } from './checked-batches.ts';
import { checkQueries } from './config/check-queries.ts';
import { refuseAhead } from './config/refuse-ahead.ts';
import type { CandleAnswer } from './contract/candle-answer.ts';
import type { HealthOptions, HealthReport } from './contract/health-report.ts';
import type { IServiceMaintenance, MaintenanceRunOptions } from './contract/maintenance.ts';
import type { MarketDataEvent, MarketDataSelector } from './contract/market-data-event.ts';
import type {
  CandlesToSave,
  GetCandlesOptions,
  IMarketDataService,
  InvalidationSelector,
  PreloadResult,
  SaveCandlesOptions,
} from './contract/market-data-service.ts';
import type { MarketDataStatistics } from './contract/market-data-statistics.ts';
import type { RetentionOptions, RetentionReport, RetentionStep } from './contract/retention.ts';
import type { SeriesReport } from './contract/series-report.ts';
import { describeSeries } from './describe-series.ts';
import { invalidateSeries } from './invalidate-series.ts';
import { partStatistics } from './part-statistics.ts';
import { historyStartOf } from './series/history-start.ts';
import { NO_FLOOR } from './series/series-floors.ts';
import { ServiceFigures } from './service-figures.ts';
import { ServiceMonitor } from './service-monitor.ts';
import { type ServiceOptions, type ServiceParts, serviceParts } from './service-parts.ts';
import { subscribeToMarketData } from './subscribe-to-market-data.ts';

export interface MarketDataOptions extends ServiceOptions {
  /** What to close with the service. */
  readonly owned: OwnedParts;
}

const NO_OPTIONS: GetCandlesOptions = Object.freeze({});
const SAVE_OPTIONS = ['source', 'covers', 'signal'] as const;

/** The service over adapters that are open. */
export class MarketData extends Handle implements IMarketDataService {
  readonly storage: IMarketDataStorage;
  readonly realtime: IRealtimeCache;
  readonly maintenance: IServiceMaintenance | undefined;
  readonly #options: MarketDataOptions;
  readonly #parts: ServiceParts;
  readonly #closing = new AbortController();
  readonly #subscriptions = new Set<Unsubscribe>();
  readonly #changes: ChangeListeners;
  readonly #figures: ServiceFigures;
  readonly #monitor: ServiceMonitor;
  readonly #operations: OperationStatistics;
  readonly #preloaded = { queries: 0, candles: 0, failures: 0 };

  constructor(options: MarketDataOptions) {
    super('market-data');
    this.storage = options.storage;
    this.realtime = options.realtime;
    this.#options = options;
    this.#parts = serviceParts(options, this.#closing.signal);
    this.#changes = new ChangeListeners(options.storage);
    this.#figures = new ServiceFigures(this.#parts);
    this.#monitor = new ServiceMonitor(options, this.#parts, this.#figures, this.#closing.signal);
    this.#operations = new OperationStatistics({
      component: this.name,
      slowMs: options.monitoring.slowOperationMs,
      onSlow: (operation, elapsedMs) => this.#monitor.slow(operation, elapsedMs),
    });
    this.maintenance = this.#callable(this.#parts.maintenance);
  }

  saveCandles(
    key: SeriesKey,
    candles: CandleInput,
    options: SaveCandlesOptions = NO_OPTIONS,
  ): Promise<WriteResult> {
    return this.#call('saveCandles', options, () => {
      onlyKnownKeys(options, SAVE_OPTIONS, 'options');
      const { signal, ...provenance } = options;
      const batch = checkedBatch({ ...provenance, key, candles }, this.#options);
      return this.storage.candles.write(batch, { signal });
    });
  }

  saveCandlesBatch(
    batches: readonly CandlesToSave[],
    options: CallOptions = NO_OPTIONS,
  ): Promise<WriteResult> {
    return this.#call('saveCandlesBatch', options, () =>
      this.storage.candles.write(checkedBatches(batches, this.#options), options),
    );
  }

  async getCandles(
    query: CandleQuery,
    options: GetCandlesOptions = NO_OPTIONS,
  ): Promise<CandleAnswer> {
    // A call that is followed goes the whole way.
    const isTraced = this.#operations.isTraced;
    const recalled = isTraced ? undefined : this.#recall(query, options);
    if (recalled !== undefined) return recalled;
    return this.#call('getCandles', options, async () => {
      const [answer] = isTraced
        ? await this.#answerBatch([checkQuery(query)], options)
        : await this.#answer([checkQuery(query)], options);
      if (answer === undefined) throw new TypeError('one query must have one answer');
      return answer;
    });
  }

  getCandlesBatch(
    queries: readonly CandleQuery[],
    options: GetCandlesOptions = NO_OPTIONS,
  ): Promise<CandleAnswer[]> {
    return this.#call('getCandlesBatch', options, () =>
      this.#answerBatch(checkQueries(queries), options),
    );
  }

  async *scanCandles(
    query: CandleScan,
    options: CallOptions = NO_OPTIONS,
  ): AsyncGenerator<CandleSeries, void, void> {
    const chunks = await this.#call('scanCandles', options, () => this.#chunks(query, options));
    try {
      for (;;) {
        const step = await this.#call('scanCandles', options, () => chunks.next());
        if (step.done === true) return;
        yield step.value;
      }
    } finally {
      await chunks.return?.();
    }
  }

  listSeries(filter: SeriesFilter = {}, options: CallOptions = NO_OPTIONS): Promise<SeriesInfo[]> {
    return this.#call('listSeries', options, () => this.storage.candles.list(filter, options));
  }

  removeCandles(
    key: SeriesKey,
    range?: Interval,
    options: CallOptions = NO_OPTIONS,
  ): Promise<number> {
    return this.#call('removeCandles', options, () =>
      this.storage.candles.remove(key, range, options),
    );
  }

  preload(
    queries: readonly CandleQuery[],
    options: GetCandlesOptions = NO_OPTIONS,
  ): Promise<PreloadResult> {
    return this.#call('preload', options, async () => {
      const answers = await this.#answer(checkQueries(queries), options);
      return {
        candles: answers.reduce((sum, { series }) => sum + series.length, 0),
        incomplete: answers.filter(({ missing }) => missing.length > 0).length,
      };
    });
  }

  invalidate(
    selector: InvalidationSelector = {},
    options: CallOptions = NO_OPTIONS,
  ): Promise<void> {
    return this.#call('invalidate', options, async () => {
      await invalidateSeries(selector, { ...this.#options, ...this.#parts });
    });
  }

  describeSeries(
    key: SeriesKey,
    range?: Interval,
    options: CallOptions = NO_OPTIONS,
  ): Promise<SeriesReport> {
    return this.#call('describeSeries', options, async () => {
      validateSeriesKey(key);
      const series = this.#parts.directory.of(key);
      await this.#parts.fetcher?.settle();
      await this.#parts.live?.settle(series.text);
      const { storage, clock } = this.#options;
      const { floors } = this.#parts;
      const quality = await describeSeries(storage, clock, series, floors, range, options);
      series.notes ??= await this.#parts.notesStore.read(key);
      return {
        key: series.key,
        ...quality,
        historyStart: historyStartOf(series, series.snapshot?.extent, clock.now()),
        lastError: series.notes.lastError,
        recordingError: this.#parts.live?.lastErrorOf(series.text),
        fetching: this.#parts.fetcher?.intervalsInFlight(series) ?? [],
      };
    });
  }

  async applyRetention(options: RetentionOptions = NO_OPTIONS): Promise<RetentionReport> {
    const steps = this.retentionSteps(options);
    for (;;) {
      const { done, value } = await steps.next();
      if (done === true) return value;
    }
  }

  async *retentionSteps(
    options: RetentionOptions = NO_OPTIONS,
  ): AsyncGenerator<RetentionStep, RetentionReport, void> {
    const run = this.#parts.retention.run(options);
    for (;;) {
      const step = await this.#call('applyRetention', options, () => run.next());
      if (step === undefined) return run.report();
      yield step;
    }
  }

  explainRetention(options: CallOptions = NO_OPTIONS): Promise<RetentionReport> {
    return this.#call('explainRetention', options, () => this.#parts.retention.explain(options));
  }

  updateTicker(ticker: Ticker, options: CallOptions = NO_OPTIONS): Promise<RealtimeWriteResult> {
    return this.#call('updateTicker', options, async () => {
      validateTicker(ticker);
      this.#refuseAhead(ticker.timestamp);
      this.#parts.activity.noteValue('ticker', ticker.timestamp);
      return this.realtime.tickers.set(ticker, options);
    });
  }

  getTicker(symbol: string, options?: CallOptions): Promise<Ticker | undefined> {
    return this.#call('getTicker', options ?? NO_OPTIONS, () =>
      this.#parts.realtime.ticker(symbol, options),
    );
  }

  getTickers(
    symbols: readonly string[],
    options: CallOptions = NO_OPTIONS,
  ): Promise<(Ticker | undefined)[]> {
    return this.#call('getTickers', options, () => this.#parts.realtime.tickers(symbols, options));
  }

  updateOrderBook(
    book: OrderBook,
    options: CallOptions = NO_OPTIONS,
  ): Promise<RealtimeWriteResult> {
    return this.#call('updateOrderBook', options, async () => {
      validateOrderBook(book);
      this.#refuseAhead(book.timestamp);
      this.#parts.activity.noteValue('orderBook', book.timestamp);
      return this.realtime.orderBooks.set(book, options);
    });
  }

  getOrderBook(symbol: string, options?: OrderBookReadOptions): Promise<OrderBook | undefined> {
    return this.#call('getOrderBook', options ?? NO_OPTIONS, () =>
      this.#parts.realtime.orderBook(symbol, options),
    );
  }

  appendTrades(
    symbol: string,
    trades: readonly TradeInput[],
    options: CallOptions = NO_OPTIONS,
  ): Promise<TradeAppendResult> {
    return this.#call('appendTrades', options, async () => {
      validateTrades(trades);
      for (const [index, { timestamp }] of trades.entries()) this.#refuseAhead(timestamp, index);
      this.#parts.activity.noteTrades(trades);
      return this.realtime.trades.append(symbol, trades, options);
    });
  }

  getTrades(symbol: string, options: TradeReadOptions = NO_OPTIONS): Promise<Trade[]> {
    return this.#call('getTrades', options, () => this.#parts.realtime.trades(symbol, options));
  }

  subscribe(selector: MarketDataSelector, listener: (event: MarketDataEvent) => void): Unsubscribe {
    this.assertOpen();
    const end = subscribeToMarketData(
      this.#changes,
      this.#options.realtime,
      this.#parts.notices,
      selector,
      listener,
    );
    this.#subscriptions.add(end);
    return () => {
      this.#subscriptions.delete(end);
      end();
    };
  }

  stats(options: CallOptions = NO_OPTIONS): Promise<MarketDataStatistics> {
    return this.#call('stats', options, async () => {
      const { failed, ...adapters } = await partStatistics(this.#options, options);
      return {
        operations: this.#operations.summary(),
        ...this.#figures.of(adapters),
        ...adapters,
        failed,
        growth: this.#monitor.grownTo(adapters.storage),
        alerts: this.#monitor.alerts,
        preload: {
          ...this.#preloaded,
          failures: this.#preloaded.failures + (this.#parts.habits?.failures ?? 0),
        },
      };
    });
  }

  health(options: HealthOptions = NO_OPTIONS): Promise<HealthReport> {
    return this.#monitor.health(this.state, options);
  }

  override close(): Promise<void> {
    this.#monitor.stop();
    this.#closing.abort();
    return super.close();
  }

  protected async _open(): Promise<void> {
    this.#parts.live?.start();
    this.#monitor.start();
    const { directory, notices } = this.#parts;
    const heard = this.#options.storage.changes.subscribe((event) => {
      if (event.type === 'failure') {
        const { work, error, at } = event;
        notices.emit({ type: 'failure', of: work, error, at });
      } else directory.changed(event, this.#options.clock.now());
    });
    this.#subscriptions.add(heard);
    await this.#preloadAtStart();
    if (this.#options.maintainsItself) this.#parts.maintenance?.start();
  }

  protected async _close(): Promise<void> {
    for (const end of this.#subscriptions) end();
    this.#subscriptions.clear();
    this.#parts.memory?.clear();
    try {
      await this.#parts.maintenance?.close();
      await this.#parts.live?.close();
    } finally {
      this.#monitor.close();
      await this.#parts.habits?.close();
      for (const tier of this.#parts.tiers) await tier.close();
      await this.#options.owned.close();
    }
  }

  #callable(maintenance: IServiceMaintenance | undefined): IServiceMaintenance | undefined {
    if (maintenance === undefined) return undefined;
    return Object.freeze({
      explain: (options: CallOptions = NO_OPTIONS) =>
        this.#call('maintenance.explain', options, () => maintenance.explain(options)),
      run: (options: MaintenanceRunOptions = NO_OPTIONS) =>
        this.#call('maintenance.run', options, () => maintenance.run(options)),
      history: (options: CallOptions = NO_OPTIONS) =>
        this.#call('maintenance.history', options, () => maintenance.history(options)),
    });
  }

  /** From the storage only; what cannot be preloaded is read when somebody asks for it. */
  async #preloadAtStart(): Promise<void> {
    const { queries, mostRead } = this.#options.preload;
    const { habits, retrieval } = this.#parts;
    const tally = this.#preloaded;
    const attempt = async (work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch {
        tally.failures += 1;
      }
    };
    if (habits !== undefined) await attempt(() => habits.start());
    const wanted = [...queries];
    for (const query of habits?.queries(mostRead) ?? []) {
      await attempt(async () => void wanted.push(checkQuery(query)));
    }
    for (const query of wanted) {
      await attempt(async () => {
        const [answer] = await retrieval.answer([query], {
          fetchMissing: false,
          signal: undefined,
        });
        tally.queries += 1;
        tally.candles += answer?.series.length ?? 0;
      });
    }
  }

  /** From where retention lets the series begin, when what is final of live data is stored. */
  async #chunks(query: CandleScan, options: CallOptions): Promise<AsyncIterator<CandleSeries>> {
    validateSeriesKey(query);
    const series = this.#parts.directory.of(query);
    await this.#parts.live?.settle(series.text);
    const floor = await this.#parts.floors.of(series);
    const { from = floor } = query;
    const scan = floor === NO_FLOOR ? query : { ...query, from: Math.max(from, floor) };
    return this.storage.candles.scan(scan, options)[Symbol.asyncIterator]();
  }

  /** Those that were answered before are not asked again. */
  async #answerBatch(
    queries: readonly CheckedQuery[],
    options: GetCandlesOptions,
  ): Promise<CandleAnswer[]> {
    const { fetchMissing, onMissing } = checkGetOptions(options);
    const recalled = queries.map((query) => this.#parts.retrieval.recall(query, fetchMissing));
    for (const answer of recalled) if (answer !== undefined) this.#serve(answer, onMissing);
    const unanswered = queries.filter((_, i) => recalled[i] === undefined);
    const answers = await this.#answer(unanswered, options);
    let next = 0;
    return recalled.flatMap((answer) => answer ?? answers[next++] ?? []);
  }

  async #answer(
    queries: readonly CheckedQuery[],
    options: GetCandlesOptions,
  ): Promise<CandleAnswer[]> {
    const { onMissing, ...how } = checkGetOptions(options);
    const answers = await this.#parts.retrieval.answer(queries, how);
    for (const answer of answers) this.#serve(answer, onMissing);
    return answers;
  }

  /**
   * The whole of `#call` for an answer at hand. There is nothing to wait for, hence nothing to be
   * given up or to keep open: what is left of the frame costs a fraction of it.
   */
  #recall(query: CandleQuery, options: GetCandlesOptions): CandleAnswer | undefined {
    this.assertOpen();
    throwIfAborted(options.signal);
    const start = performance.now();
    let failed = true;
    let answer: CandleAnswer | undefined;
    try {
      const { fetchMissing, onMissing } = checkGetOptions(options);
      answer = this.#parts.retrieval.recall(checkQuery(query), fetchMissing);
      if (answer !== undefined) this.#serve(answer, onMissing);
      failed = false;
    } finally {
      if (failed || answer !== undefined) {
        this.#operations.record('getCandles', performance.now() - start, failed);
      }
    }
    return answer;
  }

  #refuseAhead(value: EpochMs, index?: number): void {
    refuseAhead({ field: 'timestamp', value, index }, this.#options);
  }

  #serve(answer: CandleAnswer, onMissing: 'report' | 'throw'): void {
    if (onMissing === 'throw') assertWhole(answer);
    this.#parts.habits?.note(answer.series.key, answer.series.length);
    this.#figures.served(answer);
  }

  /** The frame of every call: open, not aborted, timed, and given up when the signal fires. */
  async #call<T>(operation: string, { signal }: CallOptions, work: () => Promise<T>): Promise<T> {
    this.assertOpen();
    throwIfAborted(signal);
    const running = this.use(() => this.#operations.measure(operation, async () => work()));
    return signal === undefined ? running : untilAborted(running, signal);
  }
}

/** @throws BarkeepError `SOURCE_FAILED` when an answer has holes. */
function assertWhole({ series, missing, failures }: CandleAnswer): void {
  if (missing.length === 0 && failures.length === 0) return;
  const [failure] = failures;
  throw new BarkeepError(
    'SOURCE_FAILED',
    `candles of ${series.symbol} ${series.timeframe} are missing${failure === undefined ? '' : `: ${failure.error.message}`}`,
    {
      cause: failure?.error,
      retryable: failures.some(({ error }) => error.retryable),
      details: { ...series.key, missing, failures },
    },
  );
}
