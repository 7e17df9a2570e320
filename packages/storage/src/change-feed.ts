import type {
  BarkeepError,
  CallOptions,
  EpochMs,
  Interval,
  SeriesKey,
  Unsubscribe,
} from '@barkeep/core';

/** Candles or coverage of a series changed somewhere inside an interval. */
export interface SeriesChange {
  readonly type: 'candles' | 'coverage';
  readonly key: SeriesKey;
  readonly interval: Interval;
  /** Whether this instance made the change, or another one on the same data. */
  readonly origin: 'local' | 'remote';
}

/** Changes were lost on the way, so anything may have changed: drop what was cached. */
export interface FeedLagged {
  readonly type: 'lagged';
}

/**
 * Work in the background that failed, whose outcome nobody awaits.
 *
 * - `change-feed`: changes of other processes could not be read; a `lagged` follows
 * - `compaction`: a series could not be compacted by itself
 * - `reading`: a connection for reads could not be opened; those that are open go on
 * - `saving`: a snapshot could not be saved by itself
 */
export type BackgroundWork = 'change-feed' | 'compaction' | 'reading' | 'saving';

/** Work in the background failed. It is tried again where that makes sense. */
export interface BackgroundFailure {
  readonly type: 'failure';
  readonly work: BackgroundWork;
  readonly error: BarkeepError;
  readonly at: EpochMs;
}

export type ChangeEvent = SeriesChange | FeedLagged | BackgroundFailure;

/** Every committed change, so that caches stay true, and what failed in the background. */
export interface IChangeFeed {
  /**
   * Calls the listener after each commit, before the promise of a local write resolves. What the
   * listener throws surfaces as an uncaught error and disturbs nobody else.
   *
   * @throws BarkeepError `NOT_OPEN` outside the state `open`.
   */
  subscribe(listener: (event: ChangeEvent) => void): Unsubscribe;

  /**
   * Says that candles and coverage of a series may have changed without this storage's doing: another
   * tool wrote to the database, or a file was put back. Subscribers hear of it as of any change of the
   * periods that the range touches (default: all of time), first of candles, then of coverage; with
   * `changes: 'shared'` in every process. The revisions of the range become new. What is stored stays
   * as it is, and the series need not be stored at all.
   *
   * @throws BarkeepError `INVALID_INPUT`.
   */
  announce(key: SeriesKey, range?: Interval, options?: CallOptions): Promise<void>;
}
