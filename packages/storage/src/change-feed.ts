import type { Interval, SeriesKey, Unsubscribe } from '@barkeep/core';

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

export type ChangeEvent = SeriesChange | FeedLagged;

/** Every committed change, so that caches stay true. */
export interface IChangeFeed {
  /**
   * Calls the listener after each commit, before the promise of a local write resolves. What the
   * listener throws surfaces as an uncaught error and disturbs nobody else.
   *
   * @throws BarkeepError `NOT_OPEN` outside the state `open`.
   */
  subscribe(listener: (event: ChangeEvent) => void): Unsubscribe;
}
