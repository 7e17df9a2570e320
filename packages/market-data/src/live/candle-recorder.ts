import {
  type Clock,
  type EpochMs,
  type Interval,
  type IntervalSet,
  RepeatingTask,
  type SeriesKey,
  seriesKeyText,
} from '@barkeep/core';
import type { CandleStream, LiveCandle } from '@barkeep/source';
import type { CandleBatch, IMarketDataStorage } from '@barkeep/storage';
import { ConcurrencyLimit } from '../fetching/concurrency-limit.ts';
import type { MissingCandleFetcher } from '../fetching/missing-candle-fetcher.ts';
import { isRetryable } from '../fetching/retry.ts';
import type { CandleRecordingStatistics } from '../market-data-statistics.ts';
import type { SeriesDirectory } from '../series/series-directory.ts';
import { type RecordedBatch, RecordedSeries } from './recorded-series.ts';

export interface CandleRecorderOptions {
  readonly storage: IMarketDataStorage;
  readonly directory: SeriesDirectory;
  /** Makes up for outages; `undefined`: what was missed stays missing. */
  readonly fetcher: MissingCandleFetcher | undefined;
  readonly clock: Clock;
  /** A period is final so long after its end. */
  readonly graceMs: number;
  /** How long what came waits to be stored, with all that comes meanwhile. */
  readonly intervalMs: number;
  /** What coverage says of where it comes from. */
  readonly source: string;
}

/** A series that is recorded, and what its storing and fetching stand at. */
class Recording {
  readonly series: RecordedSeries;
  /** Coverage that has to be taken back before anything else of the series is stored. */
  readonly takeBack: Interval[] = [];
  /** Whether it was promised before. */
  isPromised = false;
  /** The start of the first promise, until it is known how far the storage reaches. */
  startsAt: EpochMs | undefined;
  fetchesAgainAt: EpochMs = Number.NEGATIVE_INFINITY;
  isFetching = false;

  constructor(key: SeriesKey, graceMs: number) {
    this.series = new RecordedSeries(key, graceMs);
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
 * was promised, and has the coordinator deliver what was missed in an outage. What could not be stored
 * waits, in bounded memory, and is stored the next time.
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

  constructor(options: CandleRecorderOptions) {
    this.#options = options;
    this.#task = new RepeatingTask(options.clock, options.intervalMs, () => this.#tick());
  }

  get statistics(): CandleRecordingStatistics {
    return { ...this.#counts, series: this.#recordings.size };
  }

  start(): void {
    this.#task.start();
  }

  /** Stores what there is, and waits for what is under way. */
  async close(): Promise<void> {
    this.#task.stop();
    this.#closing.abort();
    await this.#store([...this.#recordings.values()]);
    await Promise.all(this.#fetches);
  }

  take(live: LiveCandle): void {
    const taken = this.#recordingOf(live.key)?.series.take(live, this.#options.clock.now());
    if (taken !== undefined && taken !== 'taken') this.#counts[taken] += 1;
  }

  promise({ key, since }: CandleStream): void {
    const recording = this.#recordingOf(key);
    if (recording === undefined) return;
    recording.series.promise(since, this.#options.clock.now());
    if (!recording.isPromised) recording.startsAt = since;
    recording.isPromised = true;
  }

  withdraw(key: SeriesKey, at: EpochMs): void {
    const recording = this.#recordings.get(seriesKeyText(key));
    recording?.takeBack.push(...recording.series.withdraw(at));
  }

  withdrawAll(at: EpochMs): void {
    for (const { takeBack, series } of this.#recordings.values()) {
      takeBack.push(...series.withdraw(at));
    }
  }

  /**
   * Resolves when the periods of a series that have ended are stored, or could not be; `undefined` when
   * there are none. By the text of the series' key.
   */
  settle(text: string): Promise<void> | undefined {
    const recording = this.#recordings.get(text);
    if (recording === undefined) return undefined;
    const isDue =
      recording.takeBack.length > 0 || recording.series.hasEndedPeriods(this.#options.clock.now());
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
    const recording = new Recording(key, this.#options.graceMs);
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
    for (const [text, { series, takeBack, isFetching }] of this.#recordings) {
      if (takeBack.length === 0 && !isFetching && series.isIdle(now)) this.#recordings.delete(text);
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
    const now = this.#options.clock.now();
    const due: DueRecording[] = [];
    for (const recording of recordings) {
      const batch = recording.takeBack.length > 0 ? undefined : recording.series.due(now);
      if (batch !== undefined) due.push({ recording, batch });
    }
    for (let start = 0; start < due.length; start += SERIES_PER_WRITE) {
      await this.#write(due.slice(start, start + SERIES_PER_WRITE));
    }
  }

  /**
   * In one transaction. When that is refused, each by itself, so that one does not keep the others from
   * it; a storage that fails for the moment would fail all of them one by one.
   */
  async #write(due: readonly DueRecording[]): Promise<void> {
    const { storage, clock } = this.#options;
    try {
      await storage.candles.write(due.map((one) => this.#batchOf(one)));
    } catch (error) {
      this.#counts.failures += 1;
      if (due.length > 1 && !isRetryable(error)) for (const one of due) await this.#write([one]);
      return;
    }
    const now = clock.now();
    for (const { recording, batch } of due) {
      this.#counts.stored += batch.candles.length;
      recording.takeBack.push(...recording.series.stored(batch, now));
    }
  }

  #batchOf({ recording, batch: { candles, covers } }: DueRecording): CandleBatch {
    return { key: recording.series.key, candles, covers, source: this.#options.source };
  }

  /** Up to the first failure that passes: what is left then waits for the next storing. */
  async #takeBackAll(recordings: readonly Recording[]): Promise<void> {
    for (const recording of recordings) {
      try {
        await this.#takeBack(recording);
      } catch (error) {
        this.#counts.failures += 1;
        if (isRetryable(error)) return;
      }
    }
  }

  async #takeBack({ takeBack, series }: Recording): Promise<void> {
    const { storage } = this.#options;
    for (let stretch = takeBack[0]; stretch !== undefined; stretch = takeBack[0]) {
      await storage.coverage.remove(series.key, stretch);
      takeBack.shift();
    }
  }

  /** What lies between the end of what is stored and the first promise was missed. */
  async #findStart(recording: Recording, startsAt: EpochMs): Promise<void> {
    try {
      const entries = await this.#options.storage.coverage.of(recording.series.key, {
        from: 0,
        to: startsAt,
      });
      const end = entries.at(-1)?.to;
      if (end !== undefined) recording.series.miss(end, startsAt);
      recording.startsAt = undefined;
    } catch {
      this.#counts.failures += 1;
    }
  }

  #makeUp(recording: Recording): void {
    const { fetcher, clock } = this.#options;
    if (fetcher === undefined || recording.isFetching || recording.takeBack.length > 0) return;
    const now = clock.now();
    if (now < recording.fetchesAgainAt) return;
    const missed = recording.series.missed(now);
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
      if (await this.#fetchStretch(recording.series, stretch, fetcher)) this.#counts.madeUp += 1;
      else isWhole = false;
    }
    if (!isWhole) recording.fetchesAgainAt = this.#options.clock.now() + RETRY_FETCH_MS;
  }

  /** Whether nothing of it is missing any more. */
  async #fetchStretch(
    series: RecordedSeries,
    stretch: Interval,
    fetcher: MissingCandleFetcher,
  ): Promise<boolean> {
    const { storage, directory } = this.#options;
    try {
      const missing = await storage.coverage.missing(series.key, stretch);
      const outcomes = await fetcher.fetch(directory.of(series.key), missing, undefined);
      const isWhole = outcomes.every(({ failure }) => failure === undefined);
      if (isWhole) series.madeUp(stretch);
      return isWhole;
    } catch {
      this.#counts.failures += 1;
      return false;
    }
  }
}
