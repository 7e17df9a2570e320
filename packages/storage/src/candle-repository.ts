import type {
  CallOptions,
  CandleColumn,
  CandleInput,
  CandleSeries,
  EpochMs,
  Interval,
  SeriesKey,
  SomeColumns,
  Timeframe,
} from '@barkeep/core';
import type { SeriesSnapshot, SnapshotRequest } from './series-snapshot.ts';

/** Candles of one series to write, with their coverage and source. */
export interface CandleBatch {
  readonly key: SeriesKey;
  /**
   * Candles in any order. If timestamps repeat, the last one is stored. Do not modify them until
   * the write has settled.
   */
  readonly candles: CandleInput;
  /**
   * The ranges for which these candles are complete: a period in them without a candle had no
   * trades. Only whole periods count. Never cover a period that has not closed yet.
   */
  readonly covers?: Interval | readonly Interval[] | undefined;
  /**
   * Where the candles came from, such as `upbit-rest`. Stored with the coverage. Default:
   * `unknown`.
   */
  readonly source?: string | undefined;
  /**
   * - `all`: upsert every candle (default)
   * - `uncovered`: store only periods that are not covered yet. Candles in covered periods are
   *   skipped and count as unchanged; coverage entries there are kept. Checked in the write's own
   *   transaction. Use it for late deliveries, as a period covered in the meantime is final.
   */
  readonly replaces?: 'all' | 'uncovered' | undefined;
}

/** What a write did. Duplicates inside a batch count once. */
export interface WriteResult {
  readonly inserted: number;
  readonly updated: number;
  /** Already stored with the same values, or skipped by `replaces: 'uncovered'`. Costs no write. */
  readonly unchanged: number;
}

/** Selects candles of one series. */
export interface CandleQuery {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** Start of the range, inclusive. Default: the beginning. */
  readonly from?: EpochMs | undefined;
  /** End of the range, exclusive. Default: the end. */
  readonly to?: EpochMs | undefined;
  /** Maximum number of candles; 0 returns none. Default: all. */
  readonly limit?: number | undefined;
  /**
   * Which candles to keep if there are more than `limit`. Default: `first` if `from` is given,
   * otherwise `last`, as most exchanges do.
   */
  readonly take?: 'first' | 'last' | undefined;
}

/** Selects candles of one series to iterate over in chunks. */
export interface CandleScan {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** Start of the range, inclusive. Default: the beginning. */
  readonly from?: EpochMs | undefined;
  /** End of the range, exclusive. Default: the end. */
  readonly to?: EpochMs | undefined;
  /**
   * Maximum number of candles per chunk. A larger value needs more memory and fewer reads. Default:
   * 16,384.
   */
  readonly chunkSize?: number | undefined;
}

/** Selects the series that match every given field. */
export interface SeriesFilter {
  readonly symbol?: string | undefined;
  readonly timeframe?: Timeframe | undefined;
}

/** A stored series with at least one candle. */
export interface SeriesInfo {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** Number of candles. */
  readonly count: number;
  /** Timestamp of the first candle. */
  readonly first: EpochMs;
  /** Timestamp of the last candle. */
  readonly last: EpochMs;
}

/** Reads and writes candles. */
export interface ICandleRepository {
  /**
   * Upserts candles and records their coverage, atomically across all batches. The last write wins
   * on (symbol, timeframe, timestamp).
   *
   * @example
   * await storage.candles.write({
   *   key: { symbol: 'KRW-BTC', timeframe: '1m' },
   *   candles: [{ timestamp: from, open: 100, high: 102, low: 99, close: 101, volume: 1.5 }],
   *   covers: { from, to: from + 60_000 },
   * });
   *
   * @throws BarkeepError `INVALID_INPUT` naming batch, index, field and rule; nothing is stored.
   */
  write(batches: CandleBatch | readonly CandleBatch[], options?: CallOptions): Promise<WriteResult>;

  /**
   * Returns the candles of one series in `[from, to)`, in ascending order. Empty if the series is
   * unknown.
   *
   * @example
   * const latest = await storage.candles.read({ symbol: 'KRW-BTC', timeframe: '1m', limit: 200 });
   */
  read(query: CandleQuery, options?: CallOptions): Promise<CandleSeries>;

  /**
   * Like `read`, but returns only some columns, each in memory of its own. An optional column that
   * the series lacks is filled with NaN. Column-oriented storages read only the columns they need.
   *
   * @throws BarkeepError `INVALID_INPUT` if `columns` is empty, or has an unknown or repeated name.
   */
  readColumns<C extends CandleColumn>(
    query: CandleQuery,
    columns: readonly C[],
    options?: CallOptions,
  ): Promise<SomeColumns<C>>;

  /** Runs several reads in one call. Results are in the order of the queries. */
  readMany(queries: readonly CandleQuery[], options?: CallOptions): Promise<CandleSeries[]>;

  /**
   * Iterates over the candles of one series in chunks, in bounded memory. Nothing is locked between
   * chunks: the scan includes concurrent writes ahead of its position.
   */
  scan(query: CandleScan, options?: CallOptions): AsyncIterable<CandleSeries>;

  /**
   * Removes all candles of a series, or those in a range, with the coverage of the periods that
   * start there. Returns the number of candles removed.
   */
  remove(key: SeriesKey, range?: Interval, options?: CallOptions): Promise<number>;

  /**
   * Returns one revision string per range, in order: an entity tag (ETag) of the candles in that
   * range.
   *
   * Equal revisions for the same series and range mean equal candles: at any time, after reopening,
   * in any process, and between copies of a database that have since diverged. Every change to
   * candles in the range, and every `changes.announce` of it, produces a revision that was never
   * used before, even if a later change undoes it. Rewriting identical candles, compaction and
   * coverage changes keep the revision. So does, usually, a change to another series, or more than
   * about a thousand periods away.
   *
   * To cache candles elsewhere: get the revision, read the candles, get the revision again; if both
   * match, store the candles under that revision. With the first revision alone, a change in
   * between would make the entry useless in this database, as its revision never returns, and wrong
   * in an older copy, such as a restored backup. `snapshots` returns both in one consistent call.
   *
   * A revision has at most 128 characters from `0-9 A-Z a-z . : _ -` and can only be compared for
   * equality. Empty ranges and unknown series have revisions, too.
   *
   * @throws BarkeepError `INVALID_INPUT` naming the range in `batch`; `UNSUPPORTED` unless
   * `capabilities.revisions`.
   */
  revisions(key: SeriesKey, ranges: readonly Interval[], options?: CallOptions): Promise<string[]>;

  /**
   * Returns a consistent snapshot of one series per request: its extent, its coverage and, for each
   * range, a revision and optionally the candles. Everything in one snapshot is of the same state,
   * regardless of concurrent writes, removals or compaction. Two snapshots of one call may be of
   * different states. An unknown series has a snapshot, too.
   *
   * @example
   * const [{ extent, coverage, ranges }] = await storage.candles.snapshots([
   *   { symbol: 'KRW-BTC', timeframe: '1m', ranges: [{ limit: 200, candles: 'always' }] },
   * ]);
   *
   * @throws BarkeepError `INVALID_INPUT` naming the request in `batch`.
   */
  snapshots(requests: readonly SnapshotRequest[], options?: CallOptions): Promise<SeriesSnapshot[]>;

  /**
   * Lists all series that have candles, sorted by symbol and then timeframe, in code unit order.
   */
  list(filter?: SeriesFilter, options?: CallOptions): Promise<SeriesInfo[]>;
}
