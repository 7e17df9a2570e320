import {
  type Clock,
  type EpochMs,
  type Interval,
  type IntervalSet,
  monotonicTime,
  normalizeIntervals,
  RepeatingTask,
  type SeriesKey,
  seriesKeyText,
  subtractIntervals,
} from '@barkeep/core';
import type { CandleStream, LiveCandle } from '@barkeep/source';
import { type CandleBatch, EVER, type IMarketDataStorage } from '@barkeep/storage';
import type { FailureEvent } from '../contract/market-data-event.ts';
import type { CandleRecordingStatistics, LastError } from '../contract/market-data-statistics.ts';
import { ConcurrencyLimit } from '../fetching/concurrency-limit.ts';
import type { MissingCandleFetcher } from '../fetching/missing-candle-fetcher.ts';
import { isRetryable } from '../fetching/retry.ts';
import type { LiveStreams } from '../series/live-streams.ts';
import type { SeriesDirectory } from '../series/series-directory.ts';
import { fromFloor, type SeriesFloors } from '../series/series-floors.ts';
import { FailureLog, lastErrorOf } from './failure-log.ts';
import { type ClockChange, RecordableCandles, type RecordedBatch } from './recordable-candles.ts';

export interface CandleRecorderOptions {
  readonly storage: IMarketDataStorage;
  readonly directory: SeriesDirectory;
  /** Has what is withdrawn, for those who read. */
  readonly streams: LiveStreams;
  readonly floors: SeriesFloors;
  /** Makes up for outages; `undefined`: what was missed stays missing. */
  readonly fetcher: MissingCandleFetcher | undefined;
  readonly clock: Clock;
  /** How long after its end the last states of a period's candle may come, in milliseconds. */
  readonly graceMs: number;
  /** How long after its end a period is final at the coordinator's source, in milliseconds. */
  readonly settlingMs: number;
  /** How long what came waits to be stored, with all that comes meanwhile, in milliseconds. */
  readonly intervalMs: number;
  /** The source of the coverage that is recorded. */
  readonly source: string;
  /** Up to when everything has surely come through, by the latest that is known. */
  readonly seenUntil: () => EpochMs;
  /** Called for each failure. */
  readonly onFailure: (failure: FailureEvent) => void;
}

/** A series that is recorded, and what its storing and fetching stand at. */
class Recording {
  readonly series: RecordableCandles;
  /** The latest failure to store something of it, until that succeeds. */
  failure: FailureEvent | undefined;
  /** Whether it was promised before. */
  isPromised = false;
  /** The start of the first promise, until it is known how far the storage reaches. */
  startsAt: EpochMs | undefined;
  /** In monotonic time. */
  fetchesAgainAt = Number.NEGATIVE_INFINITY;
  isFetching = false;

  constructor(series: RecordableCandles) {
    this.series = series;
  }
}

/** A storing that has not begun: whoever wants something stored until then joins it. */
interface NextStoring {
  readonly recordings: Set<Recording>;
  readonly done: Promise<void>;
}

interface DueRecording {
  readonly recording: Recording;
  readonly batch: RecordedBatch;
}

/** More series are not recorded, until others are no longer heard of. */
const MAX_SERIES = 10_000;
/** Series of one write: a transaction of bounded length. */
const SERIES_PER_WRITE = 500;
/** Series that are made up for at a time: whoever waits for candles should not wait for all of them. */
const FETCHES_AT_A_TIME = 2;
/** The fetcher has tried several times by then. */
const RETRY_FETCH_MS = 60_000;

/**
 * Stores the candles that come through the router: together every so often, with the coverage of what
 * was promised and has surely come, and has the coordinator deliver what was missed in an outage. What
 * could not be stored waits, in bounded memory, and is stored the next time.
 */
export class CandleRecorder {
  readonly #options: CandleRecorderOptions;
  readonly #recordings = new Map<string, Recording>();
  readonly #task: RepeatingTask;
  readonly #counts = {
    stored: 0,
    repeated: 0,
    outdated: 0,
    late: 0,
    refused: 0,
    failures: 0,
    madeUp: 0,
  };
  /** The end of the last storing: one at a time. */
  #turn: Promise<void> = Promise.resolve();
  #next: NextStoring | undefined;
  readonly #fetches = new Set<Promise<void>>();
  readonly #fetchTurns = new ConcurrencyLimit(FETCHES_AT_A_TIME, MAX_SERIES);
  readonly #closing = new AbortController();
  readonly #failures: FailureLog;
  /** When the present connection was made, until something has come over it. */
  #unprovenSince: EpochMs | undefined;

  constructor(options: CandleRecorderOptions) {
    this.#options = options;
    this.#failures = new FailureLog('recording', options.clock, options.onFailure);
    this.#task = new RepeatingTask(options.clock, options.intervalMs, () => this.#tick());
  }

  get statistics(): CandleRecordingStatistics {
    const { last } = this.#failures;
    let failing = 0;
    for (const { failure } of this.#recordings.values()) if (failure !== undefined) failing += 1;
    return { ...this.#counts, series: this.#recordings.size, failing, lastError: last };
  }

  /** The latest failure to store something of a series, until that succeeds; by the text of its key. */
  lastErrorOf(text: string): LastError | undefined {
    const failure = this.#recordings.get(text)?.failure;
    return failure && lastErrorOf(failure);
  }

  start(): void {
    this.#task.start();
  }

  /**
   * Stores what there is, and waits for what is under way.
   * @throws BarkeepError the storage's, when something that came, or was promised and has surely come,
   * could not be stored, or coverage that was withdrawn could not be removed.
   */
  async close(): Promise<void> {
    this.#task.stop();
    this.#closing.abort();
    await this.#store([...this.#recordings.values()]);
    await Promise.all(this.#fetches);
    const seenUntil = this.#options.seenUntil();
    for (const { series, failure } of this.#recordings.values()) {
      if (failure !== undefined && series.isUnstored(seenUntil)) throw failure.error;
    }
  }

  take(live: LiveCandle): void {
    const taken = this.#recordingOf(live.key)?.series.take(live, this.#options.clock.now());
    if (taken !== undefined && taken !== 'taken') this.#counts[taken] += 1;
  }

  /** A connection was made: the claims of those before can be withdrawn until something comes over it. */
  connectionBegan(): void {
    this.#unprovenSince = this.#options.clock.now();
  }

  promise({ key, since }: CandleStream): void {
    const recording = this.#recordingOf(key);
    if (recording === undefined) return;
    recording.series.promise(since, this.#options.clock.now());
    if (!recording.isPromised) recording.startsAt = since;
    recording.isPromised = true;
  }

  /** The promise of a series was kept up to an instant only. */
  withdraw(key: SeriesKey, at: EpochMs): void {
    this.#recordings.get(seriesKeyText(key))?.series.withdraw(at);
  }

  withdrawAll(at: EpochMs): void {
    for (const { series } of this.#recordings.values()) series.withdraw(at);
  }

  /** Something of a stretch was lost, though the promise goes on. */
  spoil(key: SeriesKey, stretch: Interval): void {
    this.#recordings.get(seriesKeyText(key))?.series.spoil(stretch);
  }

  /** Returns, by the text of the series' key, the end of the last period of which a state was dropped. */
  clockWasSet(change: ClockChange): ReadonlyMap<string, EpochMs> {
    const ends = new Map<string, EpochMs>();
    for (const [text, { series }] of this.#recordings) ends.set(text, series.clockWasSet(change));
    return ends;
  }

  /**
   * Resolves when what came of ended periods of a series is stored, as final where everything has surely
   * come, or could not be; `undefined` when there is nothing. By the text of the series' key.
   */
  settle(text: string): Promise<void> | undefined {
    const recording = this.#recordings.get(text);
    if (recording === undefined) return undefined;
    const { series } = recording;
    const { seenUntil, clock } = this.#options;
    const isDue =
      series.takeBack.length > 0 ||
      series.hasEndedPeriods(seenUntil()) ||
      series.hasEndedStates(clock.now());
    return isDue ? this.#store([recording]) : undefined;
  }

  #recordingOf(key: SeriesKey): Recording | undefined {
    const text = seriesKeyText(key);
    const known = this.#recordings.get(text);
    if (known !== undefined) return known;
    if (this.#recordings.size >= MAX_SERIES) {
      this.#counts.refused += 1;
      return undefined;
    }
    const { graceMs, streams, directory } = this.#options;
    const series = new RecordableCandles(key, graceMs, (withdrawn) => {
      streams.setWithdrawn(key, withdrawn);
      directory.coverageDoubted(key);
    });
    const recording = new Recording(series);
    this.#recordings.set(text, recording);
    return recording;
  }

  async #tick(): Promise<void> {
    const recordings = [...this.#recordings.values()];
    await this.#store(recordings);
    for (const recording of recordings) {
      if (recording.startsAt !== undefined) await this.#findStart(recording, recording.startsAt);
      this.#makeUp(recording);
    }
    if (this.#recordings.size >= MAX_SERIES) this.#forgetIdle();
  }

  #forgetIdle(): void {
    const now = this.#options.clock.now();
    for (const [text, { series, isFetching }] of this.#recordings) {
      if (!isFetching && series.isIdle(now)) this.#recordings.delete(text);
    }
  }

  #store(recordings: readonly Recording[]): Promise<void> {
    this.#next ??= this.#planStoring();
    for (const recording of recordings) this.#next.recordings.add(recording);
    return this.#next.done;
  }

  #planStoring(): NextStoring {
    const recordings = new Set<Recording>();
    const done = this.#turn.then(() => {
      this.#next = undefined;
      return this.#storeNow([...recordings]);
    });
    this.#turn = done;
    return { recordings, done };
  }

  async #storeNow(recordings: readonly Recording[]): Promise<void> {
    await this.#takeBackAll(recordings);
    const seenUntil = this.#options.seenUntil();
    this.#proveConnection(seenUntil);
    const now = this.#options.clock.now();
    const due: DueRecording[] = [];
    for (const recording of recordings) {
      const { series } = recording;
      const batch = series.takeBack.length > 0 ? undefined : series.due(seenUntil, now);
      if (batch !== undefined) due.push({ recording, batch });
    }
    for (let start = 0; start < due.length; start += SERIES_PER_WRITE) {
      await this.#write(due.slice(start, start + SERIES_PER_WRITE));
    }
  }

  #proveConnection(seenUntil: EpochMs): void {
    const since = this.#unprovenSince;
    if (since === undefined || seenUntil <= since) return;
    this.#unprovenSince = undefined;
    for (const { series } of this.#recordings.values()) series.keepClaimsFrom(since);
  }

  /**
   * In one transaction. When that is refused, each by itself, so that one does not keep the others from
   * it; a storage that fails for the moment would fail all of them one by one.
   */
  async #write(due: readonly DueRecording[]): Promise<void> {
    const { storage, clock } = this.#options;
    try {
      await storage.candles.write(due.flatMap((one) => this.#batchesOf(one)));
    } catch (error) {
      const isShared = due.length > 1 && !isRetryable(error);
      if (isShared) this.#counts.failures += 1;
      else this.#fail(error, due);
      if (isShared) for (const one of due) await this.#write([one]);
      return;
    }
    const now = clock.now();
    for (const { recording, batch } of due) {
      this.#counts.stored += batch.candles.length + batch.corrections.length;
      recording.series.stored(batch, now);
      recording.failure = undefined;
    }
  }

  #fail(error: unknown, due: readonly DueRecording[]): void {
    const [first] = due;
    const failure = this.#failed(error, due.length === 1 ? first?.recording.series.key : undefined);
    for (const { recording } of due) {
      recording.series.failed();
      recording.failure = failure;
    }
  }

  #failed(error: unknown, key?: SeriesKey): FailureEvent {
    this.#counts.failures += 1;
    return this.#failures.add(error, key);
  }

  /** What became final meanwhile, by a fetch that was asked for later, is not replaced. */
  #batchesOf({ recording, batch }: DueRecording): CandleBatch[] {
    const { key } = recording.series;
    const { source } = this.#options;
    const { candles, corrections, covers } = batch;
    const batches: CandleBatch[] = [];
    if (corrections.length > 0) batches.push({ key, candles: corrections, source });
    if (candles.length > 0 || covers.length > 0) {
      batches.push({ key, candles, covers, source, replaces: 'uncovered' });
    }
    return batches;
  }

  /** Up to the first failure that passes: what is left then waits for the next storing. */
  async #takeBackAll(recordings: readonly Recording[]): Promise<void> {
    for (const recording of recordings) {
      try {
        await this.#takeBack(recording);
      } catch (error) {
        recording.failure = this.#failed(error, recording.series.key);
        if (isRetryable(error)) return;
      }
    }
  }

  async #takeBack(recording: Recording): Promise<void> {
    const { storage } = this.#options;
    const { series } = recording;
    for (let [first] = series.takeBack; first !== undefined; [first] = series.takeBack) {
      await storage.coverage.remove(series.key, first);
      series.tookBack(first);
    }
  }

  /** What lies between the end of what is stored and the first promise was missed. */
  async #findStart(recording: Recording, startsAt: EpochMs): Promise<void> {
    try {
      const entries = await this.#options.storage.coverage.of(recording.series.key, {
        from: EVER.from,
        to: startsAt,
      });
      const end = entries.at(-1)?.to;
      if (end !== undefined) recording.series.miss(end, startsAt);
      recording.startsAt = undefined;
    } catch (error) {
      this.#failed(error, recording.series.key);
    }
  }

  #makeUp(recording: Recording): void {
    const { fetcher, clock, settlingMs } = this.#options;
    const { series, isFetching, fetchesAgainAt } = recording;
    if (fetcher === undefined || isFetching || series.takeBack.length > 0) return;
    if (monotonicTime(clock).now() < fetchesAgainAt) return;
    // One that has not settled yet would have to be fetched again.
    const missed = series.missed(clock.now() - settlingMs);
    if (missed.length === 0) return;
    recording.isFetching = true;
    const { signal } = this.#closing;
    const fetch = this.#fetchTurns
      .run(() => this.#fetchMissed(recording, missed, fetcher), signal)
      .catch(() => {
        // The service closes before its turn has come: the next run makes up for it.
      })
      .finally(() => {
        recording.isFetching = false;
        this.#fetches.delete(fetch);
      });
    this.#fetches.add(fetch);
  }

  async #fetchMissed(
    recording: Recording,
    missed: IntervalSet,
    fetcher: MissingCandleFetcher,
  ): Promise<void> {
    let isWhole = true;
    for (const stretch of missed) {
      if (await this.#fetchStretch(recording, stretch, fetcher)) this.#counts.madeUp += 1;
      else isWhole = false;
    }
    const { clock } = this.#options;
    if (!isWhole) recording.fetchesAgainAt = monotonicTime(clock).now() + RETRY_FETCH_MS;
  }

  /** Whether nothing of it is missing any more. */
  async #fetchStretch(
    recording: Recording,
    stretch: Interval,
    fetcher: MissingCandleFetcher,
  ): Promise<boolean> {
    const { storage, directory, floors } = this.#options;
    const { series } = recording;
    try {
      const state = directory.of(series.key);
      const uncovered = await storage.coverage.missing(series.key, stretch);
      const missing = fromFloor(uncovered, await floors.renew(state));
      const outcomes = await fetcher.fetch(state, missing, undefined);
      const covered = normalizeIntervals(outcomes.flatMap((outcome) => outcome.covered));
      const left = subtractIntervals(missing, covered);
      for (const whole of subtractIntervals([stretch], left)) series.madeUp(whole);
      return left.length === 0;
    } catch (error) {
      this.#failed(error, recording.series.key);
      return false;
    }
  }
}
