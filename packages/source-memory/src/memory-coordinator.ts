import {
  abortedError,
  type CallOptions,
  type Candle,
  type CandleInput,
  CandleSeries,
  type Clock,
  delay,
  type EpochMs,
  normalizeIntervals,
  type SeriesKey,
  seriesKeyText,
  systemClock,
  throwIfAborted,
  timeframeGrid,
} from '@barkeep/core';
import type { CandleDelivery, CandleRequest, IMarketDataCoordinator } from '@barkeep/source';

export interface MemoryCoordinatorOptions {
  /** Kept as the source of what it delivers. Default: `memory`. */
  readonly source?: string | undefined;
  /** Default: the machine's clock. Candles that begin later than now are not known yet. */
  readonly clock?: Clock | undefined;
  /** The first instant of trading: it is told with every delivery. Default: it is not told. */
  readonly listedAt?: EpochMs | undefined;
  /** How many candles a page of the exchange it plays has. Default: 200. */
  readonly pageSize?: number | undefined;
  /** After so many pages it delivers what it has, and says what that covers. Default: no limit. */
  readonly pagesPerCall?: number | undefined;
  /** Whether deliveries tell the time of the answer. Default: true. */
  readonly tellsTime?: boolean | undefined;
  /** How long a page takes, in milliseconds of the clock. Default: 0. */
  readonly pageMs?: number | undefined;
}

/** A call of `fetchCandles`, and what became of it. */
export interface LoggedRequest {
  readonly request: CandleRequest;
  /** When it was made. */
  readonly at: EpochMs;
  /** How many pages it took so far. */
  readonly pages: number;
  readonly outcome: 'pending' | 'delivered' | 'failed' | 'aborted';
}

type LogEntry = { -readonly [Part in keyof LoggedRequest]: LoggedRequest[Part] };

interface Fault {
  readonly error: unknown;
  pagesBefore: number;
  times: number;
}

/** Requests beyond this many are forgotten, the oldest first. */
const MAX_LOGGED = 10_000;

/**
 * A coordinator over candles in memory, which walks backwards through pages as over an exchange's
 * REST interface, fails when it is told to, and keeps a log of what it was asked.
 *
 * @example
 * const coordinator = new MemoryCoordinator({ clock, listedAt: Date.UTC(2025, 0, 1) });
 * coordinator.add({ symbol: 'KRW-BTC', timeframe: '1m' }, candles);
 * coordinator.fail(new BarkeepError('UNAVAILABLE', 'down'));
 */
export class MemoryCoordinator implements IMarketDataCoordinator {
  readonly #source: string;
  readonly #clock: Clock;
  readonly #listedAt: EpochMs | undefined;
  readonly #pageSize: number;
  readonly #pagesPerCall: number;
  readonly #tellsTime: boolean;
  readonly #pageMs: number;
  readonly #series = new Map<string, CandleSeries>();
  readonly #log: LogEntry[] = [];
  #faults: Fault[] = [];
  #hangs = false;
  #lagMs = 0;

  constructor(options: MemoryCoordinatorOptions = {}) {
    this.#source = options.source ?? 'memory';
    this.#clock = options.clock ?? systemClock;
    this.#listedAt = options.listedAt;
    this.#pageSize = options.pageSize ?? 200;
    this.#pagesPerCall = options.pagesPerCall ?? Number.POSITIVE_INFINITY;
    this.#tellsTime = options.tellsTime ?? true;
    this.#pageMs = options.pageMs ?? 0;
  }

  /** Every call so far, oldest first: at most the last 10,000. */
  get requests(): readonly LoggedRequest[] {
    return this.#log.map((one) => Object.freeze({ ...one }));
  }

  /**
   * The exchange has these candles, too; of two with one timestamp the later counts.
   * @throws BarkeepError `INVALID_INPUT` naming the index, the field and the rule of the first fault.
   */
  add(key: SeriesKey, candles: CandleInput): void {
    const more = CandleSeries.from(key, candles);
    const before = this.#series.get(seriesKeyText(key));
    const all = before === undefined ? more : CandleSeries.merge(before, more);
    this.#series.set(seriesKeyText(key), all);
  }

  /** What the exchange has of a stretch by now; one that lags knows less. */
  candles({ from, to, ...key }: CandleRequest): Candle[] {
    const series = this.#series.get(seriesKeyText(key)) ?? CandleSeries.empty(key);
    const known = Math.min(to, this.#exchangeTime() + 1);
    return from < known ? series.between(from, known).toArray() : [];
  }

  /**
   * Makes pages fail.
   * @param options.times How many pages fail. Default: 1.
   * @param options.afterPages How many are answered before. Default: 0.
   */
  fail(
    error: unknown,
    options: { readonly times?: number; readonly afterPages?: number } = {},
  ): void {
    const { times = 1, afterPages: pagesBefore = 0 } = options;
    this.#faults.push({ error, pagesBefore, times });
  }

  /** From now on no page is answered: calls end only by their signal. */
  hang(): void {
    this.#hangs = true;
  }

  /** From now on the exchange is behind: what it answers, and `asOf`, are of `ms` milliseconds ago. */
  lag(ms: number): void {
    this.#lagMs = ms;
  }

  /** Neither fails, lags nor hangs from now on; calls that hang already do so until their signal fires. */
  recover(): void {
    this.#faults = [];
    this.#hangs = false;
    this.#lagMs = 0;
  }

  async fetchCandles(
    request: CandleRequest,
    { signal }: Required<CallOptions>,
  ): Promise<CandleDelivery> {
    const entry = this.#enter(request);
    try {
      const delivery = await this.#fetch(entry, signal);
      entry.outcome = 'delivered';
      return delivery;
    } catch (error) {
      entry.outcome = signal?.aborted ? 'aborted' : 'failed';
      throw error;
    }
  }

  #enter(request: CandleRequest): LogEntry {
    const entry: LogEntry = { request, at: this.#clock.now(), pages: 0, outcome: 'pending' };
    this.#log.push(entry);
    if (this.#log.length > MAX_LOGGED) this.#log.shift();
    return entry;
  }

  async #fetch(entry: LogEntry, signal: AbortSignal | undefined): Promise<CandleDelivery> {
    const { request } = entry;
    const grid = timeframeGrid(request.timeframe);
    const candles: Candle[] = [];
    let asOf = Number.POSITIVE_INFINITY;
    let from = request.to;
    while (from > request.from && entry.pages < this.#pagesPerCall) {
      entry.pages += 1;
      const page = await this.#page({ ...request, to: from }, signal);
      asOf = Math.min(asOf, this.#exchangeTime());
      candles.push(...page);
      // A page goes back as far as it takes to fill it: one that is not full goes back all the way.
      from = page.length < this.#pageSize ? request.from : (page[0]?.timestamp ?? request.from);
    }
    const endedBy = grid.floor(this.#exchangeTime());
    const covers = normalizeIntervals([{ from, to: Math.min(request.to, endedBy) }]);
    const time = this.#tellsTime && Number.isFinite(asOf) ? { asOf } : {};
    const delivery = { candles, covers, source: this.#source, ...time };
    if (this.#listedAt === undefined) return delivery;
    return { ...delivery, historyStart: grid.floor(this.#listedAt) };
  }

  /** The last candles of a stretch, as many as a page has. */
  async #page(request: CandleRequest, signal: AbortSignal | undefined): Promise<Candle[]> {
    throwIfAborted(signal);
    if (this.#hangs) await untilFired(signal);
    this.#failIfTold();
    if (this.#pageMs > 0) await delay(this.#clock, this.#pageMs, signal);
    else await Promise.resolve();
    throwIfAborted(signal);
    return this.candles(request).slice(-this.#pageSize);
  }

  #exchangeTime(): EpochMs {
    return this.#clock.now() - this.#lagMs;
  }

  #failIfTold(): void {
    const [fault] = this.#faults;
    if (fault === undefined) return;
    if (fault.pagesBefore > 0) {
      fault.pagesBefore -= 1;
      return;
    }
    fault.times -= 1;
    if (fault.times <= 0) this.#faults.shift();
    throw fault.error;
  }
}

function untilFired(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(abortedError(signal)), { once: true });
  });
}
