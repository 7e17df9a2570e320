import { allocateColumns, BarkeepError, CandleSeries, type Interval } from '@barkeep/core';
import type { ArchivePolicy } from './archive-policy.ts';
import type { CandleExtent, CandleRows } from './candle-rows.ts';
import type { SegmentEntry, Segments } from './segments.ts';
import type { SeriesRow } from './series-table.ts';
import { countChanges, countNewRows, VERDICT } from './verdict.ts';

/** What storing candles did. */
export interface StoredCandles {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  /** The first and the last inserted or updated candle. */
  readonly changed: CandleExtent | undefined;
  /** How many rows there are more, or fewer if negative. */
  readonly rows: number;
}

/** What removing candles did. */
export interface RemovedCandles {
  readonly removed: number;
  /** How many rows there are more, or fewer if negative. */
  readonly rows: number;
}

/** Candles to store that lie within one segment, or between two, with what storing them means. */
interface Run {
  readonly candles: CandleSeries;
  readonly verdicts: Uint8Array;
}

/** The segments next to a run that lies between them. */
interface Neighbours {
  readonly before: SegmentEntry | undefined;
  readonly after: SegmentEntry | undefined;
}

/** Where more of a segment's candles than this change, it is written anew: rows would take more bytes. */
const REWRITE_SHARE = 1 / 16;
/** Rows that a run of candles in bulk may take along into segments, per candle. */
const ABSORBED_SHARE = 4;

/**
 * Stores and removes candles in rows and segments. Few changes become rows, which overlay what
 * segments have at their timestamps; many become segments. The caller holds the transaction and keeps
 * the series' counters.
 */
export class CandleWriter {
  readonly #rows: CandleRows;
  readonly #segments: Segments;
  readonly #policy: ArchivePolicy | 'off';
  #scratch = allocateColumns(0);

  constructor(rows: CandleRows, segments: Segments, policy: ArchivePolicy | 'off') {
    this.#rows = rows;
    this.#segments = segments;
    this.#policy = policy;
  }

  /**
   * Inserts what is new and replaces what differs; what is stored already is not written.
   * @throws BarkeepError `CORRUPT` when a damaged segment keeps it from telling.
   */
  store(series: SeriesRow, candles: CandleSeries): StoredCandles {
    const verdicts = new Uint8Array(candles.length).fill(VERDICT.insert);
    let rows = 0;
    let start = 0;
    while (start < candles.length) {
      const from = candles.timestamp[start] ?? Number.NaN;
      const before = this.#segments.before(series.id, from);
      const inside = before !== undefined && from <= before.last;
      const after = inside ? undefined : this.#segments.after(series.id, from);
      const limit = inside ? before.last + 1 : (after?.first ?? Number.POSITIVE_INFINITY);
      const end = candles.indexAtOrAfter(limit);
      const run = { candles: candles.slice(start, end), verdicts: verdicts.subarray(start, end) };
      rows += inside
        ? this.#storeInside(series, run, before)
        : this.#storeBetween(series, run, { before, after });
      start = end;
    }
    return { ...summary(candles, verdicts), rows };
  }

  /** Removes the candles in `[from, to)`. @throws BarkeepError `CORRUPT` */
  remove(series: SeriesRow, range: Interval): RemovedCandles {
    let removed = 0;
    for (const entry of this.#segments.touching(series.id, range)) {
      removed += this.#removeFrom(series, entry, range);
    }
    const rows = this.#rows.remove(series.id, range);
    return { removed: removed + rows, rows: -rows };
  }

  /** The first and the last candle that are stored. */
  extent(seriesId: number): CandleExtent | undefined {
    const rows = this.#rows.extent(seriesId);
    const segments = this.#segments.extent(seriesId);
    if (rows === undefined || segments === undefined) return rows ?? segments;
    return {
      first: Math.min(rows.first, segments.first),
      last: Math.max(rows.last, segments.last),
    };
  }

  /** Returns how many rows there are more. */
  #storeBetween(series: SeriesRow, run: Run, { before, after }: Neighbours): number {
    const { candles, verdicts } = run;
    const mayHaveRows = this.#mayHaveRows(series, candles);
    if (mayHaveRows) this.#rows.compare(series.id, candles, verdicts);
    const changes = countChanges(verdicts);
    if (changes === 0) return 0;
    if (this.#policy === 'off' || changes < this.#policy.bulkCandles) {
      return this.#storeRows(series, run);
    }
    const most = ABSORBED_SHARE * candles.length;
    const range = rangeOf(candles);
    if (mayHaveRows && this.#rows.count(series.id, range, most + 1) > most) {
      return this.#storeRows(series, run);
    }
    return this.#storeSegments(series, candles, { before, after }, this.#policy.segmentCandles);
  }

  /** Returns how many rows there are more. */
  #storeInside(series: SeriesRow, run: Run, entry: SegmentEntry): number {
    const { candles, verdicts } = run;
    const bytes = this.#segments.bytes(series, entry);
    const { from, to } = rangeOf(candles);
    const start = this.#segments.find(series, entry, bytes, from);
    const end = this.#segments.find(series, entry, bytes, to);
    const stored = this.#decode(series, entry, bytes, start, end);
    compareCandles(stored, candles, verdicts);
    if (this.#mayHaveRows(series, candles)) this.#rows.compare(series.id, candles, verdicts);
    const changes = countChanges(verdicts);
    if (changes === 0) return 0;
    if (this.#policy === 'off' || changes <= REWRITE_SHARE * entry.count) {
      return this.#storeRows(series, run);
    }
    const whole = this.#decode(series, entry, bytes, 0, entry.count);
    const merged = this.#withRows(series, whole);
    this.#segments.delete(entry);
    for (const piece of inPieces(
      [CandleSeries.merge(merged, candles)],
      this.#policy.segmentCandles,
    )) {
      this.#segments.insert(series, piece);
    }
    return -this.#rows.remove(series.id, rangeOf(whole));
  }

  #storeRows(series: SeriesRow, { candles, verdicts }: Run): number {
    this.#rows.write(series.id, candles, verdicts);
    return countNewRows(verdicts);
  }

  /** Puts a run into segments, with a short neighbour on either side and the rows among them. */
  #storeSegments(
    series: SeriesRow,
    candles: CandleSeries,
    neighbours: Neighbours,
    size: number,
  ): number {
    const before = this.#short(series, neighbours.before, size);
    const after = this.#short(series, neighbours.after, size);
    const parts = [before?.candles, candles, after?.candles].filter((part) => part !== undefined);
    const range = {
      from: (parts[0] ?? candles).firstTimestamp,
      to: (parts.at(-1) ?? candles).lastTimestamp + 1,
    };
    const rows = this.#mayHaveRows(series, range) ? this.#readRows(series, range) : undefined;
    const merged =
      rows === undefined || rows.length === 0
        ? parts
        : [
            CandleSeries.merge(
              CandleSeries.merge(CandleSeries.concat(series.key, parts), rows),
              candles,
            ),
          ];
    for (const neighbour of [before, after]) {
      if (neighbour !== undefined) this.#segments.delete(neighbour.entry);
    }
    // Who loads history backwards comes next to what is before this run: the short segment shall be there.
    const smaller = neighbours.before === undefined && neighbours.after ? 'first' : 'last';
    for (const piece of inPieces(merged, size, smaller)) this.#segments.insert(series, piece);
    return rows === undefined ? 0 : -this.#rows.remove(series.id, range);
  }

  /** A segment that is not full, decoded; one that cannot be read is left alone. */
  #short(
    series: SeriesRow,
    entry: SegmentEntry | undefined,
    size: number,
  ): { readonly entry: SegmentEntry; readonly candles: CandleSeries } | undefined {
    if (entry === undefined || entry.count >= size) return undefined;
    try {
      const columns = this.#segments.load(series, entry);
      return { entry, candles: CandleSeries.fromTrustedColumns(series.key, columns) };
    } catch (error) {
      if (BarkeepError.is(error, 'CORRUPT')) return undefined;
      throw error;
    }
  }

  /** Returns how many candles it removed that had no row over them. */
  #removeFrom(series: SeriesRow, entry: SegmentEntry, range: Interval): number {
    const within = {
      from: Math.max(range.from, entry.first),
      to: Math.min(range.to, entry.last + 1),
    };
    const isWhole = range.from <= entry.first && entry.last < range.to;
    if (isWhole && !this.#mayHaveRows(series, within)) {
      this.#segments.delete(entry);
      return entry.count;
    }
    const bytes = this.#segments.bytes(series, entry);
    const candles = this.#decode(series, entry, bytes, 0, entry.count);
    const start = candles.indexAtOrAfter(range.from);
    const end = candles.indexAtOrAfter(range.to);
    if (start === end) return 0;
    const overlaid = this.#countOverlaid(series, candles.slice(start, end), within);
    this.#segments.delete(entry);
    if (start > 0) this.#segments.insert(series, candles.slice(0, start));
    if (end < entry.count) this.#segments.insert(series, candles.slice(end));
    return end - start - overlaid;
  }

  /** Whatever the rows hold: damaged ones can be removed too. */
  #countOverlaid({ id }: SeriesRow, candles: CandleSeries, range: Interval): number {
    const selection = { ...range, limit: Number.POSITIVE_INFINITY, take: 'first' } as const;
    const { timestamp } = this.#rows.readUnchecked(id, selection, 0);
    return timestamp.reduce((sum, at) => {
      return candles.timestamp[candles.indexAtOrAfter(at)] === at ? sum + 1 : sum;
    }, 0);
  }

  /** The candles of a segment with the rows in its range over them. */
  #withRows(series: SeriesRow, candles: CandleSeries): CandleSeries {
    if (!this.#mayHaveRows(series, candles)) return candles;
    return CandleSeries.merge(candles, this.#readRows(series, rangeOf(candles)));
  }

  #readRows(series: SeriesRow, range: Interval): CandleSeries {
    const selection = { ...range, limit: Number.POSITIVE_INFINITY, take: 'first' } as const;
    return CandleSeries.fromTrustedColumns(series.key, this.#rows.read(series, selection, 0));
  }

  /** Whether there are rows in a range: asked of the rows, because counters may be damaged. */
  #mayHaveRows({ id }: SeriesRow, range: CandleSeries | Interval): boolean {
    const within = range instanceof CandleSeries ? rangeOf(range) : range;
    return this.#rows.count(id, within, 1) > 0;
  }

  /** In memory that the next call uses again. */
  #decode(
    series: SeriesRow,
    entry: SegmentEntry,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): CandleSeries {
    if (this.#scratch.timestamp.length < entry.count) this.#scratch = allocateColumns(entry.count);
    this.#segments.decode(series, entry, bytes, this.#scratch, { start, end });
    return CandleSeries.fromTrustedColumns(series.key, this.#scratch).slice(0, end - start);
  }
}

function rangeOf({ firstTimestamp, lastTimestamp }: CandleSeries): Interval {
  return { from: firstTimestamp, to: lastTimestamp + 1 };
}

/** Judges candles by those of a segment; those that it does not have keep their verdict. */
function compareCandles(stored: CandleSeries, candles: CandleSeries, verdicts: Uint8Array): void {
  const { timestamp } = candles;
  let j = 0;
  for (let i = 0; i < verdicts.length; i += 1) {
    const at = timestamp[i] ?? Number.NaN;
    while ((stored.timestamp[j] ?? Number.POSITIVE_INFINITY) < at) j += 1;
    if (stored.timestamp[j] !== at) continue;
    verdicts[i] =
      candles.open[i] === stored.open[j] &&
      candles.high[i] === stored.high[j] &&
      candles.low[i] === stored.low[j] &&
      candles.close[i] === stored.close[j] &&
      candles.volume[i] === stored.volume[j]
        ? VERDICT.keep
        : VERDICT.overlay;
  }
}

/**
 * Cuts candles that follow each other into pieces of a size. The last one, or the first, is smaller
 * where they do not come out even.
 */
function* inPieces(
  parts: readonly CandleSeries[],
  size: number,
  smaller: 'first' | 'last' = 'last',
): Generator<CandleSeries> {
  const rest = parts.reduce((sum, part) => sum + part.length, 0) % size;
  let wanted = smaller === 'first' && rest > 0 ? rest : size;
  let piece: CandleSeries | undefined;
  for (const part of parts) {
    let start = 0;
    while (start < part.length) {
      const end = Math.min(part.length, start + wanted - (piece?.length ?? 0));
      const more = part.slice(start, end);
      piece = piece === undefined ? more : CandleSeries.concat(part.key, [piece, more]);
      start = end;
      if (piece.length < wanted) continue;
      yield piece;
      piece = undefined;
      wanted = size;
    }
  }
  if (piece !== undefined) yield piece;
}

function summary({ timestamp }: CandleSeries, verdicts: Uint8Array): Omit<StoredCandles, 'rows'> {
  let inserted = 0;
  let unchanged = 0;
  let first: number | undefined;
  let last: number | undefined;
  for (let i = 0; i < verdicts.length; i += 1) {
    if (verdicts[i] === VERDICT.keep) {
      unchanged += 1;
      continue;
    }
    if (verdicts[i] === VERDICT.insert) inserted += 1;
    last = timestamp[i];
    first ??= last;
  }
  return {
    inserted,
    updated: verdicts.length - inserted - unchanged,
    unchanged,
    changed: first === undefined || last === undefined ? undefined : { first, last },
  };
}
