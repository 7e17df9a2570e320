import {
  type Clock,
  type EpochMs,
  type Interval,
  ListenerSet,
  type MonotonicTime,
  monotonicTime,
  type SeriesKey,
} from '@barkeep/core';
import type { FetchFailure } from '../contract/candle-answer.ts';
import type { CoordinatorError } from '../contract/market-data-statistics.ts';
import { isPossibleStart } from '../series/history-start.ts';
import type { SeriesNotes, SeriesNotesStore } from '../series/series-notes-store.ts';
import type { SeriesState } from '../series/series-state.ts';
import { asBarkeepError } from './as-barkeep-error.ts';
import { isRefusal } from './source-gate.ts';

/** A failure that repeats is written down again only after so long. */
const SAME_ERROR_MS = 60_000;

interface FetchCounts {
  calls: number;
  retries: number;
  failures: number;
  candles: number;
  refused: number;
  notesLost: number;
  startsDoubted: number;
}

/** Keeps what is worth knowing of fetches: figures, failures, and the notes of each series. */
export class FetchJournal {
  readonly failures: ListenerSet<CoordinatorError> = new ListenerSet();
  readonly counts: FetchCounts = {
    calls: 0,
    retries: 0,
    failures: 0,
    candles: 0,
    refused: 0,
    notesLost: 0,
    startsDoubted: 0,
  };
  readonly #notesStore: SeriesNotesStore;
  readonly #clock: Clock;
  readonly #time: MonotonicTime;
  /** When the last error of a series was written down, in monotonic time. */
  readonly #notedAt = new WeakMap<SeriesState, number>();
  #lastError: CoordinatorError | undefined;

  constructor(notesStore: SeriesNotesStore, clock: Clock) {
    this.#notesStore = notesStore;
    this.#clock = clock;
    this.#time = monotonicTime(clock);
  }

  /** The last failure of a call, or of storing what it brought. */
  get lastError(): CoordinatorError | undefined {
    return this.#lastError;
  }

  /**
   * @param told Where history begins, by the delivery; it is believed only where that is possible.
   * @param firstCandle The earliest one of the delivery; NaN when there is none.
   */
  async succeeded(
    series: SeriesState,
    told: EpochMs | undefined,
    firstCandle: EpochMs,
  ): Promise<void> {
    const now = this.#clock.now();
    const earliest = Math.min(
      series.snapshot?.extent?.from ?? Number.POSITIVE_INFINITY,
      Number.isNaN(firstCandle) ? Number.POSITIVE_INFINITY : firstCandle,
    );
    await this.#note(series, (notes) => {
      const starts = [told, notes.historyStart].filter((start) => start !== undefined);
      const historyStart = starts.find((it) => isPossibleStart(it, earliest, now, series.grid));
      if (told !== undefined && told !== historyStart) this.counts.startsDoubted += 1;
      const isNews = notes.lastError !== undefined || historyStart !== notes.historyStart;
      return isNews ? { historyStart } : undefined;
    });
  }

  async failed(series: SeriesState, failure: FetchFailure): Promise<void> {
    this.counts.failures += 1;
    if (!isRefusal(failure.error)) this.#tell(series.key, failure);
    await this.#noteError(series, failure);
  }

  /** Candles of a delivery broke a rule, and were left out. */
  async refused(
    series: SeriesState,
    failures: readonly FetchFailure[],
    candles: number,
  ): Promise<void> {
    const [first] = failures;
    if (first === undefined) return;
    this.counts.refused += candles;
    for (const failure of failures) this.#tell(series.key, failure);
    await this.#noteError(series, first);
  }

  async #noteError(series: SeriesState, { error, interval }: FetchFailure): Promise<void> {
    const { code, message } = error;
    const recorded = { at: this.#clock.now(), code, message, interval };
    await this.#note(series, (notes) => {
      const { lastError: known } = notes;
      const isSame = known?.code === code && known.message === message;
      const age = this.#time.now() - (this.#notedAt.get(series) ?? Number.NEGATIVE_INFINITY);
      if (isSame && age < SAME_ERROR_MS) return undefined;
      this.#notedAt.set(series, this.#time.now());
      return { ...notes, lastError: recorded };
    });
  }

  /** A failure beside any request, such as to take coverage back. */
  failedBeside(key: SeriesKey, interval: Interval, cause: unknown): void {
    this.counts.failures += 1;
    const error = asBarkeepError(cause, 'coverage could not be taken back', 'SOURCE_FAILED');
    this.#tell(key, { interval, error });
  }

  #tell(key: SeriesKey, { interval, error }: Pick<FetchFailure, 'interval' | 'error'>): void {
    const { code, message } = error;
    const failure = { at: this.#clock.now(), code, message, interval, key, error };
    this.#lastError = failure;
    this.failures.emit(failure);
  }

  /** The notes hold in this process either way; that they could not be read or kept is counted. */
  async #note(
    series: SeriesState,
    change: (notes: SeriesNotes) => SeriesNotes | undefined,
  ): Promise<void> {
    try {
      // What is not known here may be known there, and must not be written over.
      series.notes ??= await this.#notesStore.read(series.key);
      const notes = change(series.notes);
      if (notes === undefined) return;
      series.notes = notes;
      await this.#notesStore.write(series.key, notes);
    } catch {
      this.counts.notesLost += 1;
    }
  }
}
