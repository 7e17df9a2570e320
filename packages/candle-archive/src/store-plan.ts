import {
  allocateColumns,
  BarkeepError,
  CandleSeries,
  type EpochMs,
  type Interval,
} from '@barkeep/core';
import type { ArchiveChange } from './archive-change.ts';
import type { ArchivePolicy } from './archive-policy.ts';
import type { ChangeLoad, LoadedChange } from './archive-port.ts';
import {
  CANDLE_CHANGE,
  candlesToWrite,
  classifyCandles,
  countChanges,
  WriteTally,
} from './classify-candles.ts';
import { assertSoundRows } from './damaged-segment.ts';
import { ask, type Decision } from './decision.ts';
import {
  checkedSegment,
  decodePart,
  findPart,
  type LoadedSegment,
  packSegment,
  segmentCandles,
} from './stored-segment.ts';
import { countersAfter, extentOf, joinExtents, type SeriesRow } from './stored-series.ts';

/** Candles to store that lie within one segment, or between two, with what storing them means. */
interface Run {
  readonly candles: CandleSeries;
  readonly kinds: Uint8Array;
}

/** A segment that is stored, or the candles of one that is to be. */
type Piece = LoadedSegment | CandleSeries;

/** Where more of a segment's candles than this change, it is written anew: rows would take more bytes. */
const REWRITE_SHARE = 1 / 16;
/** Rows that a run of candles in bulk may take along into segments, per candle. */
const ABSORBED_SHARE = 4;
/** So few rows are loaded without a thought. */
const FEW_ROWS = 64;
/** Where stored candles are decoded to be compared: fresh memory for each segment would take longer. */
let scratch = allocateColumns(0);

/** What has to be loaded before candles are stored. */
export function wantedToStore(
  at: Float64Array,
  policy: ArchivePolicy | 'off',
): Pick<ChangeLoad, 'at' | 'mostRows' | 'beside'> {
  const beside = policy !== 'off' && at.length >= policy.bulkCandles;
  return { at, beside, mostRows: Math.max(FEW_ROWS, ABSORBED_SHARE * at.length) };
}

/**
 * Decides how candles are stored. Few changes become rows, which overlay what segments have at their
 * timestamps; many become segments.
 */
export class StorePlan {
  readonly #series: SeriesRow;
  readonly #policy: ArchivePolicy | 'off';
  readonly #loaded: LoadedChange;
  readonly #removedRows: Interval[] = [];
  #pieces: readonly Piece[];
  #rows: CandleSeries;
  #written: readonly CandleSeries[] = [];
  #newRows = 0;

  constructor(loaded: LoadedChange, policy: ArchivePolicy | 'off') {
    this.#series = loaded.series;
    this.#policy = policy;
    this.#loaded = loaded;
    this.#pieces = loaded.segments;
    this.#rows = CandleSeries.fromTrustedColumns(loaded.series.key, loaded.rows);
  }

  /**
   * Inserts what is new and replaces what differs; what is stored already is not written.
   * @throws BarkeepError `CORRUPT` when a damaged segment keeps it from telling.
   */
  *store(candles: CandleSeries): Decision<WriteTally> {
    const kinds = new Uint8Array(candles.length).fill(CANDLE_CHANGE.insert);
    let position = 0;
    for (let start = 0; start < candles.length; ) {
      const from = candles.timestamp[start] ?? Number.NaN;
      while (lastOf(this.#pieces[position]) < from) position += 1;
      const piece = this.#pieces[position];
      const isInside = piece !== undefined && firstOf(piece) <= from;
      const end = candles.indexAtOrAfter(isInside ? lastOf(piece) + 1 : firstOf(piece));
      const isAll = end - start === candles.length;
      const run = isAll
        ? { candles, kinds }
        : { candles: candles.slice(start, end), kinds: kinds.subarray(start, end) };
      if (isInside) yield* this.#storeInside(run, piece, position);
      else this.#storeBetween(run, position);
      start = end;
      // The run may have become one piece with that before it.
      position = Math.max(0, position - 1);
    }
    const tally = new WriteTally();
    tally.addAll(candles.timestamp, kinds);
    return tally;
  }

  /** What is to be done, after all candles were stored. */
  change(inserted: number, candles: CandleSeries): Omit<ArchiveChange, 'series'> {
    const [removedRows, rows] = [this.#removedRows, this.#written];
    const { extent } = candles;
    const counters =
      (inserted > 0 || this.#newRows !== 0) && extent !== undefined
        ? countersAfter(
            this.#series,
            inserted,
            this.#newRows,
            joinExtents(extentOf(this.#series), { first: extent.from, last: extent.to - 1 }),
          )
        : undefined;
    if (this.#pieces === this.#loaded.segments) return { rows, counters };
    const kept = new Set(this.#pieces);
    const removedSegments = this.#loaded.segments.filter((segment) => !kept.has(segment));
    const segments = this.#pieces
      .filter((piece) => piece instanceof CandleSeries)
      .map((piece) => packSegment(piece));
    return { removedSegments, segments, removedRows, rows, counters };
  }

  #storeBetween(run: Run, position: number): void {
    const { candles, kinds } = run;
    this.#classifyByRows(run);
    const changes = countChanges(kinds);
    if (changes === 0) return;
    const policy = this.#policy;
    if (policy === 'off' || changes < policy.bulkCandles || this.#hasManyRowsAmong(candles)) {
      this.#storeRows(run);
      return;
    }
    const { segmentCandles: size } = policy;
    const before = this.#short(this.#pieces[position - 1], size);
    const after = this.#short(this.#pieces[position], size);
    const parts = [before, candles, after].filter((part) => part !== undefined);
    const range = rangeOf(parts);
    const rows = this.#rowsWithin(this.#rows, range);
    const whole = (): CandleSeries => CandleSeries.concat(candles.key, parts);
    const merged =
      rows.length === 0 ? parts : [CandleSeries.merge(CandleSeries.merge(whole(), rows), candles)];
    // A backwards load continues just before this run: the short segment shall be there.
    const isFirst = position === 0 && this.#pieces.length > 0;
    const pieces = inPieces(merged, size, isFirst ? 'first' : 'last');
    const place = before === undefined ? position : position - 1;
    this.#replace(place, parts.length - 1, pieces);
    this.#removeRows(range, rows.length);
  }

  *#storeInside(run: Run, piece: Piece, position: number): Decision<void> {
    const { candles, kinds } = run;
    this.#classifyByPiece(piece, run);
    this.#classifyByRows(run);
    const changes = countChanges(kinds);
    if (changes === 0) return;
    const policy = this.#policy;
    const isStored = !(piece instanceof CandleSeries);
    if (policy === 'off' || (isStored && changes <= REWRITE_SHARE * piece.count)) {
      this.#storeRows(run);
      return;
    }
    const whole = isStored ? segmentCandles(checkedSegment(candles.key, piece)) : piece;
    const range = rangeOf([whole]);
    const known = this.#loaded.areAllRows ? this.#rows : yield* this.#askForRows(range);
    const rows = this.#rowsWithin(known, range);
    const merged = CandleSeries.merge(CandleSeries.merge(whole, rows), candles);
    this.#replace(position, 1, inPieces([merged], policy.segmentCandles, 'last'));
    this.#removeRows(range, rows.length);
  }

  #classifyByPiece(piece: Piece, { candles, kinds }: Run): void {
    const { key, firstTimestamp, lastTimestamp } = candles;
    if (piece instanceof CandleSeries) {
      classifyCandles(piece, candles, kinds, { other: CANDLE_CHANGE.overlay });
      return;
    }
    const segment = checkedSegment(key, piece);
    const { optional } = segment.header;
    const start = findPart(segment, firstTimestamp);
    const end = findPart(segment, lastTimestamp + 1);
    const isScratch = optional.length === 0;
    if (scratch.timestamp.length < piece.count) scratch = allocateColumns(piece.count);
    const columns = isScratch ? scratch : allocateColumns(end - start, optional);
    decodePart(segment, columns, { start, end });
    const stored = { ...columns, timestamp: columns.timestamp.subarray(0, end - start) };
    classifyCandles(stored, candles, kinds, { other: CANDLE_CHANGE.overlay });
  }

  #classifyByRows({ candles, kinds }: Run): void {
    const start = this.#rows.indexAtOrAfter(candles.firstTimestamp);
    classifyCandles(this.#rows, candles, kinds, { start });
  }

  #hasManyRowsAmong({ firstTimestamp, lastTimestamp, length }: CandleSeries): boolean {
    if (!this.#loaded.areAllRows) return true;
    const rows = this.#rows.between(firstTimestamp, lastTimestamp + 1);
    return rows.length > ABSORBED_SHARE * length;
  }

  #storeRows({ candles, kinds }: Run): void {
    for (const kind of kinds) {
      if (kind === CANDLE_CHANGE.insert || kind === CANDLE_CHANGE.overlay) this.#newRows += 1;
    }
    this.#written = [...this.#written, candlesToWrite(candles, kinds)];
  }

  /** A segment that is not full, decoded; one that cannot be read is left alone. */
  #short(piece: Piece | undefined, size: number): CandleSeries | undefined {
    if (piece instanceof CandleSeries) return piece.length < size ? piece : undefined;
    if (piece === undefined || piece.count >= size) return undefined;
    try {
      return segmentCandles(checkedSegment(this.#series.key, piece));
    } catch (error) {
      if (BarkeepError.is(error, 'CORRUPT')) return undefined;
      throw error;
    }
  }

  *#askForRows(range: Interval): Decision<CandleSeries> {
    const selection = { ...range, limit: Number.POSITIVE_INFINITY, take: 'first' } as const;
    const { key } = this.#series;
    return CandleSeries.fromTrustedColumns(key, yield* ask('rows', this.#series, selection));
  }

  /** The rows of a range, with those that are to be written. @throws BarkeepError `CORRUPT` */
  #rowsWithin(known: CandleSeries, { from, to }: Interval): CandleSeries {
    const rows = known.between(from, to);
    assertSoundRows(this.#series.key, rows);
    return this.#written.reduce(
      (all, more) => CandleSeries.merge(all, more.between(from, to)),
      rows,
    );
  }

  #removeRows({ from, to }: Interval, count: number): void {
    if (count === 0) return;
    this.#newRows -= count;
    this.#removedRows.push({ from, to });
    this.#rows = CandleSeries.concat(this.#series.key, outside(this.#rows, from, to));
    this.#written = this.#written.flatMap((rows) => outside(rows, from, to));
  }

  #replace(position: number, count: number, pieces: Iterable<Piece>): void {
    const [before, after] = [this.#pieces.slice(0, position), this.#pieces.slice(position + count)];
    this.#pieces = [...before, ...pieces, ...after];
  }
}

function firstOf(piece: Piece | undefined): EpochMs {
  if (piece instanceof CandleSeries) return piece.firstTimestamp;
  return piece?.first ?? Number.POSITIVE_INFINITY;
}

function lastOf(piece: Piece | undefined): EpochMs {
  if (piece instanceof CandleSeries) return piece.lastTimestamp;
  return piece?.last ?? Number.POSITIVE_INFINITY;
}

function rangeOf(parts: readonly CandleSeries[]): Interval {
  const [first, last] = [parts[0], parts.at(-1)];
  return { from: first?.firstTimestamp ?? Number.NaN, to: (last?.lastTimestamp ?? Number.NaN) + 1 };
}

function outside(candles: CandleSeries, from: EpochMs, to: EpochMs): CandleSeries[] {
  const [start, end] = [candles.indexAtOrAfter(from), candles.indexAtOrAfter(to)];
  return [candles.slice(0, start), candles.slice(end)].filter(({ length }) => length > 0);
}

/**
 * Cuts candles that follow each other into pieces of a size. The last one, or the first, is smaller
 * where they do not come out even.
 */
function* inPieces(
  parts: readonly CandleSeries[],
  size: number,
  smaller: 'first' | 'last',
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
