import {
  BarkeepError,
  type Clock,
  type EpochMs,
  type Interval,
  type IntervalSet,
  ListenerSet,
  normalizeIntervals,
  subtractIntervals,
} from '@barkeep/core';
import type { CandleRequest, DeliveryFeedback, IMarketDataCoordinator } from '@barkeep/source';
import type { IMarketDataStorage, WriteResult } from '@barkeep/storage';
import type { FetchFailure } from '../answers/candle-answer.ts';
import type { FetchingSettings } from '../check-config.ts';
import type { CoordinatorStatistics } from '../market-data-statistics.ts';
import type { RecordedError, SeriesNotebook } from '../series/series-notebook.ts';
import type { SeriesState } from '../series/series-state.ts';
import { unsettledStretch } from '../series/unsettled-stretch.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { type CheckedDelivery, checkDelivery, unusableDelivery } from './delivery.ts';
import { InFlightIntervals } from './in-flight-intervals.ts';
import { periodChunks } from './period-chunks.ts';
import { isRetryable, retry } from './retry.ts';
import { withinTime } from './within-time.ts';

/** What came of one request to the coordinator. */
export interface FetchOutcome {
  readonly interval: Interval;
  /** There when it failed; nothing was stored then. */
  readonly failure?: FetchFailure | undefined;
}

export interface MissingCandleFetcherOptions {
  readonly coordinator: IMarketDataCoordinator;
  readonly storage: IMarketDataStorage;
  readonly notebook: SeriesNotebook;
  readonly clock: Clock;
  readonly settings: FetchingSettings;
  /** Fires when the service closes. */
  readonly closing: AbortSignal;
}

/** A failure that repeats is written down again only after so long. */
const SAME_ERROR_MS = 60_000;

/**
 * Has the coordinator deliver stretches of candles and stores them with their coverage, each
 * delivery in one atomic write. No period is asked for twice at a time.
 */
export class MissingCandleFetcher {
  readonly #options: MissingCandleFetcherOptions;
  readonly #slots: ConcurrencyLimit;
  readonly #inFlight = new Map<string, InFlightIntervals<FetchOutcome>>();
  readonly #feedback = new ListenerSet<DeliveryFeedback>();
  readonly #counts = { calls: 0, retries: 0, failures: 0, candles: 0, notesLost: 0 };

  constructor(options: MissingCandleFetcherOptions) {
    const { coordinator, settings } = options;
    this.#options = options;
    this.#slots = new ConcurrencyLimit(settings.maxConcurrentFetches, settings.maxWaitingFetches);
    if (coordinator.feedback !== undefined) {
      this.#feedback.add((feedback) => coordinator.feedback?.(feedback));
    }
  }

  get statistics(): CoordinatorStatistics {
    let inFlight = 0;
    for (const { size } of this.#inFlight.values()) inFlight += size;
    return { ...this.#counts, inFlight };
  }

  /** What is being fetched of a series. */
  intervalsInFlight(series: SeriesState): Interval[] {
    return this.#inFlight.get(series.text)?.intervals ?? [];
  }

  /**
   * Fetches stretches, joining what is under way already. Failures are outcomes; it rejects only when
   * the caller's signal fires, and what nobody else waits for is given up then.
   */
  async fetch(
    series: SeriesState,
    wanted: IntervalSet,
    signal: AbortSignal | undefined,
  ): Promise<FetchOutcome[]> {
    const inFlight = this.#inFlightOf(series);
    const { joined, rest } = inFlight.claim(wanted);
    const chunks = this.#chunks(series, rest);
    const refused = subtractIntervals(rest, normalizeIntervals(chunks));
    const started = chunks.map((interval) =>
      inFlight.start(interval, (abandoned) => this.#fetchChunk(series, interval, abandoned)),
    );
    try {
      const waiting = [...joined, ...started].map((work) => work.wait(signal));
      return [...(await Promise.all(waiting)), ...refused.map((it) => this.#refuse(it))];
    } finally {
      if (inFlight.size === 0) this.#inFlight.delete(series.text);
    }
  }

  /** No more than may wait: the beginning of all time at one-second candles would be a hundred thousand. */
  #chunks({ grid }: SeriesState, stretches: IntervalSet): Interval[] {
    const { maxPeriodsPerFetch } = this.#options.settings;
    return periodChunks(stretches, maxPeriodsPerFetch, grid, this.#slots.room);
  }

  #refuse(interval: Interval): FetchOutcome {
    this.#counts.failures += 1;
    return { interval, failure: { interval, error: this.#slots.overloaded(), attempts: 0 } };
  }

  #inFlightOf({ text }: SeriesState): InFlightIntervals<FetchOutcome> {
    const known = this.#inFlight.get(text);
    if (known !== undefined) return known;
    const inFlight = new InFlightIntervals<FetchOutcome>();
    this.#inFlight.set(text, inFlight);
    return inFlight;
  }

  async #fetchChunk(
    series: SeriesState,
    interval: Interval,
    abandoned: AbortSignal,
  ): Promise<FetchOutcome> {
    const signal = AbortSignal.any([abandoned, this.#options.closing]);
    let attempts = 0;
    const attempt = (): Promise<void> => {
      attempts += 1;
      this.#counts.calls += 1;
      if (attempts > 1) this.#counts.retries += 1;
      return this.#fetchAndStore(series, interval, signal);
    };
    const { settings, clock } = this.#options;
    const context = { clock, random: settings.random, signal };
    try {
      await this.#slots.run(() => retry(attempt, settings.retry, context), signal);
      return { interval };
    } catch (error) {
      const failure = { interval, error: asBarkeepError(error), attempts };
      if (!signal.aborted) await this.#recordFailure(series, failure);
      return { interval, failure };
    }
  }

  async #fetchAndStore(
    series: SeriesState,
    interval: Interval,
    signal: AbortSignal,
  ): Promise<void> {
    const { coordinator, clock, settings } = this.#options;
    const request = { ...series.key, ...interval };
    const askedAt = clock.now();
    const endedBy = unsettledStretch(series, askedAt, settings.closeGraceMs).from;
    const start = performance.now();
    const answer = await withinTime(
      (given) => coordinator.fetchCandles(request, { signal: given }),
      settings.timeoutMs,
      clock,
      signal,
    );
    const fetched = performance.now();
    const delivery = checkDelivery(answer, interval, endedBy);
    const result = await this.#store(series, delivery);
    const storeMs = performance.now() - fetched;
    if (interval.to > endedBy) series.currentSeenAt = Math.max(series.currentSeenAt, askedAt);
    await this.#recordSuccess(series, delivery.historyStart);
    this.#report(request, result, fetched - start, storeMs);
  }

  async #store(
    series: SeriesState,
    { candles, covers, source }: CheckedDelivery,
  ): Promise<WriteResult> {
    try {
      return await this.#options.storage.candles.write({
        key: series.key,
        candles,
        covers,
        source,
      });
    } catch (error) {
      throw BarkeepError.is(error, 'INVALID_INPUT') ? unusableDelivery(error) : error;
    }
  }

  #report(request: CandleRequest, result: WriteResult, fetchMs: number, storeMs: number): void {
    const candles = result.inserted + result.updated + result.unchanged;
    this.#counts.candles += candles;
    this.#feedback.emit({ request, candles, ...result, fetchMs, storeMs });
  }

  async #recordSuccess(series: SeriesState, historyStart: EpochMs | undefined): Promise<void> {
    const notes = series.notes ?? {};
    const start = historyStart ?? notes.historyStart;
    if (notes.lastError === undefined && start === notes.historyStart) return;
    series.notes = { historyStart: start };
    await this.#writeNotes(series);
  }

  async #recordFailure(series: SeriesState, { error, interval }: FetchFailure): Promise<void> {
    this.#counts.failures += 1;
    const notes = series.notes ?? {};
    const { code, message } = error;
    const at = this.#options.clock.now();
    if (isRecent(notes.lastError, error, at)) return;
    series.notes = { ...notes, lastError: { at, code, message, interval } };
    await this.#writeNotes(series);
  }

  /** The notes hold in this process either way; that they were not kept is counted. */
  async #writeNotes(series: SeriesState): Promise<void> {
    try {
      await this.#options.notebook.write(series.key, series.notes ?? {});
    } catch {
      this.#counts.notesLost += 1;
    }
  }
}

function isRecent(known: RecordedError | undefined, error: BarkeepError, at: EpochMs): boolean {
  return (
    known !== undefined &&
    known.code === error.code &&
    known.message === error.message &&
    at - known.at < SAME_ERROR_MS
  );
}

function asBarkeepError(error: unknown): BarkeepError {
  if (BarkeepError.is(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new BarkeepError('SOURCE_FAILED', `the coordinator failed: ${reason}`, {
    cause: error,
    retryable: isRetryable(error),
  });
}
