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

/** Candles of one series to store, with what is known about where they came from. */
export interface CandleBatch {
  readonly key: SeriesKey;
  /** In any order; of equal timestamps the later one counts. Must not be changed until the write settles. */
  readonly candles: CandleInput;
  /**
   * The stretches these candles are complete for: a period in here without a candle had no trades.
   * Only whole periods count. Never cover a period that has not ended.
   */
  readonly covers?: Interval | readonly Interval[] | undefined;
  /** Who delivered them, such as `upbit-rest`; kept with the coverage. Default: `unknown`. */
  readonly source?: string | undefined;
  /**
   * - `all`: every candle is stored (the default)
   * - `uncovered`: only what is not covered at that moment, which the write's transaction decides. Candles in
   *   covered periods are left out and count as unchanged, and `covers` leaves the entries there as they
   *   are. For what was asked for a while ago: a period that has been covered since is final.
   */
  readonly replaces?: 'all' | 'uncovered' | undefined;
}

/** What a write did to the candles it was given, duplicates inside a batch counted once. */
export interface WriteResult {
  readonly inserted: number;
  readonly updated: number;
  /** Already stored with the same values, or left out by `replaces: 'uncovered'`: cost no write. */
  readonly unchanged: number;
}

export interface CandleQuery {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** The first instant wanted. Default: the beginning. */
  readonly from?: EpochMs | undefined;
  /** The first instant no longer wanted. Default: the end. */
  readonly to?: EpochMs | undefined;
  /** At most this many candles; 0 gives none. Default: all. */
  readonly limit?: number | undefined;
  /**
   * Which ones when `limit` cuts. Default: `first` when `from` is given, else `last`, as exchanges do.
   */
  readonly take?: 'first' | 'last' | undefined;
}

export interface CandleScan {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly from?: EpochMs | undefined;
  readonly to?: EpochMs | undefined;
  /** How many candles a chunk has at most. Default: 16,384. */
  readonly chunkSize?: number | undefined;
}

/** Selects series: those that match every field given. */
export interface SeriesFilter {
  readonly symbol?: string | undefined;
  readonly timeframe?: Timeframe | undefined;
}

/** One stored series that has candles. */
export interface SeriesInfo {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** How many candles it has. */
  readonly count: number;
  /** The timestamp of its first candle. */
  readonly first: EpochMs;
  /** The timestamp of its last candle. */
  readonly last: EpochMs;
}

/** The stored candles. */
export interface ICandleRepository {
  /**
   * Inserts or replaces candles, and records their coverage: all of it or nothing, however many
   * batches. The last write wins on (symbol, timeframe, timestamp).
   *
   * @throws BarkeepError `INVALID_INPUT` naming batch, index, field and rule; nothing is stored.
   */
  write(batches: CandleBatch | readonly CandleBatch[], options?: CallOptions): Promise<WriteResult>;

  /** The candles of one series in `[from, to)`, ascending. Unknown series: an empty result. */
  read(query: CandleQuery, options?: CallOptions): Promise<CandleSeries>;

  /**
   * Some columns of what `read` answers, each in memory of its own; an optional one that the series
   * lacks is NaN throughout. A storage that keeps columns apart reads only those that it needs to
   * tell them.
   *
   * @throws BarkeepError `INVALID_INPUT` when `columns` is empty, or has an unknown or repeated name.
   */
  readColumns<C extends CandleColumn>(
    query: CandleQuery,
    columns: readonly C[],
    options?: CallOptions,
  ): Promise<SomeColumns<C>>;

  /** Several reads in one go; the answers are in the order of the queries. */
  readMany(queries: readonly CandleQuery[], options?: CallOptions): Promise<CandleSeries[]>;

  /**
   * The candles of one series in chunks, in bounded memory. Nothing stays locked between chunks: a
   * candle written meanwhile is seen when the scan has not passed it.
   */
  scan(query: CandleScan, options?: CallOptions): AsyncIterable<CandleSeries>;

  /**
   * Removes the candles of a series, or those that `read` finds in a range, and the coverage of the
   * periods that start there. Returns how many candles there were.
   */
  remove(key: SeriesKey, range?: Interval, options?: CallOptions): Promise<number>;

  /**
   * A text for each range, in their order, that stands for the candles of the series in it: an entity
   * tag, by which whoever keeps candles elsewhere can tell whether they are still the stored ones.
   *
   * Equal texts for one series and range mean equal candles in the range: at any time, after the
   * storage was opened again, in any process, and between copies of one database that have gone
   * different ways since. Every change of candles in the range, and every `changes.announce` of it,
   * brings a text that there has never been before, also when a later change undoes it. Writing what is
   * stored already, compaction and changes of coverage leave the text as it is, and so, as a rule,
   * does a change in another series or more than about a thousand periods away.
   *
   * To keep candles under their text: ask for it, read the candles, and ask again. What was read
   * between two equal texts is what they stand for. With the first text alone, a change in between
   * makes what is kept useless in this database, as its text never comes back, and wrong in an older
   * copy that is used again, such as a restored backup.
   *
   * A text has at most 128 characters, all of `0-9 A-Z a-z . : _ -`, and no meaning beyond being
   * equal or not. A range with nothing in it has one, too, and so has a series that is not stored.
   *
   * @throws BarkeepError `INVALID_INPUT` naming the range in `batch`; `UNSUPPORTED` unless
   * `capabilities.revisions`.
   */
  revisions(key: SeriesKey, ranges: readonly Interval[], options?: CallOptions): Promise<string[]>;

  /**
   * For each request, one series as it is at one instant: how far it reaches, what is covered, and for
   * each range a revision and, where wanted, the candles. Everything in one snapshot is of one state,
   * whoever else writes, removes or compacts meanwhile; the snapshots of one call may be of several.
   * A series that is not stored has a snapshot, too.
   *
   * @example
   * const [{ extent, coverage, ranges }] = await storage.candles.snapshots([
   *   { symbol: 'KRW-BTC', timeframe: '1m', ranges: [{ limit: 200, candles: 'always' }] },
   * ]);
   *
   * @throws BarkeepError `INVALID_INPUT` naming the request in `batch`.
   */
  snapshots(requests: readonly SnapshotRequest[], options?: CallOptions): Promise<SeriesSnapshot[]>;

  /** Every series that has candles, by symbol and then timeframe (both in code unit order). */
  list(filter?: SeriesFilter, options?: CallOptions): Promise<SeriesInfo[]>;
}
