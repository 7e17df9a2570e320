import {
  BarkeepError,
  type Clock,
  type EpochMs,
  type Interval,
  type IntervalSet,
  intervalsOverlap,
  ListenerSet,
  type MonotonicTime,
  monotonicTime,
  subtractIntervals,
  type Unsubscribe,
  unionIntervals,
} from '@barkeep/core';
import type { DeliveryFeedback, IMarketDataCoordinator } from '@barkeep/source';
import { EVER, type IMarketDataStorage } from '@barkeep/storage';
import type { FetchingSettings } from '../config/check-config.ts';
import type { FetchFailure } from '../contract/candle-answer.ts';
import type {
  CoordinatorError,
  CoordinatorStatistics,
} from '../contract/market-data-statistics.ts';
import { fromFloor, NO_FLOOR, type SeriesFloors } from '../series/series-floors.ts';
import type { SeriesNotesStore } from '../series/series-notes-store.ts';
import type { SeriesState } from '../series/series-state.ts';
import { asBarkeepError } from './as-barkeep-error.ts';
import { candlesOutside } from './candles-outside.ts';
import { type CheckedDelivery, unusableDelivery } from './check-delivery.ts';
import { CoveredLately } from './covered-lately.ts';
import { FetchJournal } from './fetch-journal.ts';
import { type FetchOutcome, failedOutcome } from './fetch-outcome.ts';
import { FetchTurns } from './fetch-turns.ts';
import type { Flight } from './flight.ts';
import { refusals } from './refused-candles.ts';
import { type RetryContext, retry } from './retry.ts';
import { type SourceAnswer, SourceCalls } from './source-calls.ts';
import { type BreakerChange, isRefusal } from './source-gate.ts';

export interface MissingCandleFetcherOptions {
  readonly coordinator: IMarketDataCoordinator;
  readonly storage: IMarketDataStorage;
  readonly notesStore: SeriesNotesStore;
  readonly floors: SeriesFloors;
  readonly clock: Clock;
  readonly settings: FetchingSettings;
  /** How far candles may lie ahead of the clock, in milliseconds. */
  readonly maxAheadMs: number;
  /** Fires when the service closes. */
  readonly closing: AbortSignal;
}

/** Of more stretches that the source refused, it is forgotten that it did. */
const MAX_TROUBLES = 64;

/**
 * Has the coordinator deliver stretches of candles and stores them with their coverage, each
 * delivery in one atomic write. No period is asked for twice at a time.
 */
export class MissingCandleFetcher {
  readonly #options: MissingCandleFetcherOptions;
  readonly #time: MonotonicTime;
  readonly #source: SourceCalls;
  readonly #turns: FetchTurns;
  readonly #journal: FetchJournal;
  readonly #covered: CoveredLately;
  /** Stretches that could not be had although the source answers. */
  readonly #troubles = new WeakMap<SeriesState, IntervalSet>();
  readonly #feedback = new ListenerSet<DeliveryFeedback>();

  constructor(options: MissingCandleFetcherOptions) {
    const { coordinator, storage, notesStore, clock, settings, closing } = options;
    this.#options = options;
    this.#time = monotonicTime(clock);
    this.#source = new SourceCalls(options);
    this.#journal = new FetchJournal(notesStore, clock);
    this.#turns = new FetchTurns({
      ...settings,
      request: (series, flight) => this.#request(series, flight),
      failedBefore: (series) => this.#troubles.get(series) ?? [],
    });
    this.#covered = new CoveredLately({
      storage,
      clock,
      finalAfterMs: Math.max(settings.settlingMs, settings.closeGraceMs),
      onFailure: (key, interval, error) => this.#journal.failedBeside(key, interval, error),
      closing,
    });
    closing.addEventListener('abort', () => this.#turns.giveUp(closing.reason), { once: true });
    if (coordinator.feedback !== undefined) {
      this.#feedback.add((feedback) => coordinator.feedback?.(feedback));
    }
  }

  /** Of `saved` only what this knows of: reads that shared a request. */
  get statistics(): CoordinatorStatistics {
    const { joined: saved, ...turns } = this.#turns.statistics;
    return {
      ...this.#journal.counts,
      ...turns,
      saved,
      breaker: this.#source.breaker,
      lastError: this.#journal.lastError,
    };
  }

  /** Calls the listener after each request that failed for good, unless the coordinator was not called. */
  onFailure(listener: (failure: CoordinatorError) => void): Unsubscribe {
    return this.#journal.failures.add(listener);
  }

  /** Calls the listener when the coordinator's breaker opens or closes, whichever service was calling. */
  onBreakerChange(listener: (change: BreakerChange) => void): Unsubscribe {
    return this.#source.onBreakerChange(listener);
  }

  /** What is being fetched of a series, or waits for its turn. */
  intervalsInFlight(series: SeriesState): Interval[] {
    return this.#turns.intervals(series);
  }

  /**
   * Resolves when coverage that goes back to a wrong clock is taken back, or could not be; `undefined`
   * when there is none. To be awaited before coverage is read.
   */
  settle(): Promise<void> | undefined {
    return this.#covered.settle();
  }

  /**
   * Fetches stretches, joining what is under way already. Failures are outcomes, and the first one ends
   * it: what was not asked for by then is not asked for, and fails with the same error. It rejects only
   * when the caller's signal fires, and what nobody else waits for is given up then.
   */
  async fetch(
    series: SeriesState,
    wanted: IntervalSet,
    signal: AbortSignal | undefined,
  ): Promise<FetchOutcome[]> {
    const caller = this.#source.callerOf(signal);
    const { intervals, failures: refused } = series.spoiled.within(wanted);
    const rest = subtractIntervals(wanted, intervals);
    const outcomes = await this.#turns.fetch(series, rest, signal, caller);
    const [first, last] = [intervals[0], intervals.at(-1)];
    if (first === undefined || last === undefined) return outcomes;
    const interval = { from: first.from, to: last.to };
    return [...outcomes, { interval, covered: [], refused, isLeftAlone: true }];
  }

  async #request(series: SeriesState, flight: Flight): Promise<FetchOutcome> {
    const { signal } = flight;
    const { settings, closing } = this.#options;
    let { interval } = flight;
    if (closing.aborted) flight.giveUp(closing.reason);
    const isFinal = (error: unknown): boolean => isRefusal(error) || this.#source.isShut;
    const context = { clock: this.#time, random: settings.random, signal };
    let attempts = 0;
    const begin = (): void => {
      attempts += 1;
      this.#journal.counts.calls += 1;
      if (attempts > 1) this.#journal.counts.retries += 1;
    };
    try {
      // It may have risen while the flight waited for its turn.
      const floor = series.floor ?? (await this.#floorOf(series, context));
      const [wanted] = fromFloor([interval], floor);
      if (wanted === undefined) return { interval, covered: [] };
      interval = wanted;
      const call = () => this.#source.call(series, flight, wanted, signal, begin);
      const answer = await retry(call, settings.retry, { ...context, isFinal });
      await this.#take(series, interval, answer, context);
      this.#setTroubles(series, subtractIntervals(this.#troublesOf(series), [interval]));
      const refused = await this.#noteRefused(series, interval, answer.delivery, attempts);
      const failure = isUseless(answer.delivery, interval) ? refused[0] : undefined;
      return { interval: flight.interval, covered: answer.delivery.covers, refused, failure };
    } catch (cause) {
      const error = asBarkeepError(cause, 'the coordinator failed', 'SOURCE_FAILED');
      if (!signal.aborted) {
        if (!error.retryable) {
          this.#setTroubles(series, unionIntervals(this.#troublesOf(series), [interval]));
        }
        await this.#journal.failed(series, { interval, error, attempts });
      }
      return failedOutcome(flight.interval, error, attempts);
    }
  }

  /** Stores a delivery, and takes note of what it proves. */
  async #take(
    series: SeriesState,
    interval: Interval,
    answer: SourceAnswer,
    context: RetryContext,
  ): Promise<void> {
    const { delivery, asked, fetchMs } = answer;
    const { source, historyStart } = delivery;
    const floor = await this.#floorOf(series, context);
    const covers = fromFloor(delivery.covers, floor);
    const settling = fromFloor(delivery.settling, floor);
    // What lies beside the request may be a fragment: it must not replace what is only not final yet.
    const provisional = subtractIntervals(series.settling.covered(), [interval]);
    const kept = candlesOutside(delivery.candles, provisional);
    const candles = floor === NO_FLOOR ? kept : kept.between(floor, EVER.to);
    const batch = { key: series.key, candles, covers, source, replaces: 'uncovered' } as const;
    const start = performance.now();
    const result = await retry(
      () => this.#options.storage.candles.write(batch).catch(rejectUnusable),
      this.#options.settings.retry,
      context,
    );
    const storeMs = performance.now() - start;
    this.#covered.add(series, covers, asked);
    series.settling.add(settling, this.#settlesAt(series, settling, answer), candles);
    series.touched();
    const period = series.grid.floor(asked.clock);
    if (interval.to > period) {
      series.currentSeen = { period, to: interval.to, at: asked.time };
    }
    await this.#journal.succeeded(series, historyStart, candles.firstTimestamp);
    this.#report({ request: { ...series.key, ...interval }, ...result, fetchMs, storeMs });
  }

  /** Returns what is to be told of candles of the stretch. */
  async #noteRefused(
    series: SeriesState,
    interval: Interval,
    { refused, spoiled }: CheckedDelivery,
    attempts: number,
  ): Promise<FetchFailure[]> {
    const failures = refusals(refused, attempts);
    series.spoiled.delivered(interval, spoiled, failures);
    await this.#journal.refused(series, failures, refused.length);
    return failures.filter((one) => intervalsOverlap(one.interval, interval));
  }

  #floorOf(series: SeriesState, context: RetryContext): Promise<EpochMs> {
    const { floors, settings } = this.#options;
    return retry(() => floors.renew(series), settings.retry, context);
  }

  /**
   * When to ask for provisional periods once more, in monotonic time: when the latest of them will have
   * settled at the source. Those of short timeframes settle several at a time, so that they do not cost
   * as many requests.
   */
  #settlesAt(
    { grid }: SeriesState,
    settling: IntervalSet,
    { delivery, asked }: SourceAnswer,
  ): number {
    const { settlingMs } = this.#options.settings;
    const end = settling.at(-1)?.to ?? delivery.knownAt;
    const settlesAt = asked.time + settlingMs - (delivery.knownAt - end);
    const stepMs = settlingMs / 4;
    return grid.typicalMs < stepMs ? Math.ceil(settlesAt / stepMs) * stepMs : settlesAt;
  }

  #report(feedback: Omit<DeliveryFeedback, 'candles'>): void {
    const candles = feedback.inserted + feedback.updated + feedback.unchanged;
    this.#journal.counts.candles += candles;
    this.#feedback.emit({ ...feedback, candles });
  }

  #troublesOf(series: SeriesState): IntervalSet {
    return this.#troubles.get(series) ?? [];
  }

  #setTroubles(series: SeriesState, troubles: IntervalSet): void {
    if (troubles.length === 0) this.#troubles.delete(series);
    else this.#troubles.set(series, troubles.slice(-MAX_TROUBLES));
  }
}

/** Whether a source delivers nothing but bad candles: more of them would be no better. */
function isUseless({ candles, refused }: CheckedDelivery, { from, to }: Interval): boolean {
  return refused.length > 1 && candles.between(from, to).length === 0;
}

function rejectUnusable(error: unknown): never {
  throw BarkeepError.is(error, 'INVALID_INPUT') ? unusableDelivery(error) : error;
}
