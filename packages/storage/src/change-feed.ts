import type {
  BarkeepError,
  CallOptions,
  EpochMs,
  Interval,
  SeriesKey,
  Unsubscribe,
} from '@barkeep/core';

/** Candles or coverage of a series changed somewhere in an interval. */
export interface SeriesChange {
  readonly type: 'candles' | 'coverage';
  readonly key: SeriesKey;
  readonly interval: Interval;
  /**
   * `local` if this instance made the change, `remote` if another instance on the same data did.
   */
  readonly origin: 'local' | 'remote';
}

/**
 * Change events were lost, so anything may have changed. Drop everything cached from this storage.
 */
export interface FeedLagged {
  readonly type: 'lagged';
}

/**
 * Background work that failed without a caller to report to.
 *
 * - `change-feed`: changes by other processes could not be read; a `lagged` event follows
 * - `compaction`: automatic compaction of a series failed
 * - `reading`: a read connection could not be opened; existing ones still work
 * - `saving`: an automatic save of a snapshot failed
 */
export type BackgroundWork = 'change-feed' | 'compaction' | 'reading' | 'saving';

/** Background work failed. It is retried where that makes sense. */
export interface BackgroundFailure {
  readonly type: 'failure';
  readonly work: BackgroundWork;
  readonly error: BarkeepError;
  readonly at: EpochMs;
}

/** An event of the change feed. */
export type ChangeEvent = SeriesChange | FeedLagged | BackgroundFailure;

/** Publishes every committed change, for cache invalidation, and failures of background work. */
export interface IChangeFeed {
  /**
   * Calls the listener after each commit, before the promise of a local write resolves. An error
   * thrown by the listener surfaces as an uncaught error and affects no other listener.
   *
   * @example
   * const unsubscribe = storage.changes.subscribe((event) => {
   *   if (event.type === 'candles') cache.drop(event.key, event.interval);
   *   if (event.type === 'lagged') cache.dropAll();
   * });
   *
   * @throws BarkeepError `NOT_OPEN` unless the storage is open.
   */
  subscribe(listener: (event: ChangeEvent) => void): Unsubscribe;

  /**
   * Publishes a change that was made outside this storage, for example if another tool wrote to the
   * database or a file was restored. Subscribers receive it like any change to the periods the
   * range touches (default: all time), first for candles, then for coverage; with
   * `changes: 'shared'`, in every process. The range gets new revisions. Stored data does not
   * change, and the series need not exist.
   *
   * @throws BarkeepError `INVALID_INPUT`.
   */
  announce(key: SeriesKey, range?: Interval, options?: CallOptions): Promise<void>;
}
