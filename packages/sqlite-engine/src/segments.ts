import {
  allocateColumns,
  BarkeepError,
  type CandleColumns,
  CandleSeries,
  type EpochMs,
  type Interval,
  type SeriesKey,
} from '@barkeep/core';
import {
  type DecodeOptions,
  decodeSegment,
  encodeSegment,
  findInSegment,
  MAX_SEGMENT_LENGTH,
  readSegmentHeader,
  SEGMENT_VERSION,
  type SegmentHeader,
} from '@barkeep/segment-codec';
import type { CandleExtent } from './candle-rows.ts';
import { damagedSegment } from './damaged-segment.ts';
import { WHOLE_TABLE } from './maintenance/statement-plan.ts';
import { PARAMETER } from './parameter.ts';
import type { SeriesIdentity } from './series-table.ts';
import type { SqliteDriver, SqliteStatement } from './sqlite-driver.ts';

/** What the table says of a segment, without its bytes. */
export interface SegmentEntry extends CandleExtent {
  readonly id: number;
  /** How many candles it has: at least 1, at most 65,536. */
  readonly count: number;
}

/** A segment as it is stored: its bytes, and what the table says of them. */
export interface StoredSegment extends SegmentEntry {
  readonly format: number;
  readonly checksum: number;
  readonly data: Uint8Array;
}

/** How much of a series is in segments. */
export interface SegmentTotals {
  readonly segments: number;
  readonly candles: number;
  readonly bytes: number;
}

type Row = readonly [id: number, first: number, last: number, count: number];

const ENTRY = 'SELECT id, first, last, count FROM segments';

/**
 * The table `segments`: runs of candles of a series, compressed, which never overlap. The caller
 * holds the transaction and keeps the series' counters.
 */
export class Segments {
  readonly #driver: SqliteDriver;
  readonly #ascending: SqliteStatement<Row>;
  readonly #descending: SqliteStatement<Row>;
  readonly #before: SqliteStatement<Row>;
  readonly #after: SqliteStatement<Row>;
  readonly #data: SqliteStatement<readonly [data: Uint8Array, format: number, checksum: number]>;
  readonly #ids: SqliteStatement<readonly [id: number, first: EpochMs]>;
  readonly #stored: SqliteStatement<
    readonly [...Row, format: number, checksum: number, data: Uint8Array]
  >;
  readonly #describe: SqliteStatement;
  readonly #insert: SqliteStatement;
  readonly #delete: SqliteStatement;
  readonly #totals: SqliteStatement<readonly [segments: number, candles: number, bytes: number]>;

  constructor(driver: SqliteDriver) {
    this.#driver = driver;
    // Segments never overlap, so of those that begin before the range only the last can reach it.
    const touching = (order: 'ASC' | 'DESC'): string =>
      `${ENTRY} WHERE series_id = ${PARAMETER} AND first < ${PARAMETER} AND last >= ${PARAMETER}
         AND first >= ifnull(
           (SELECT max(first) FROM segments WHERE series_id = ${PARAMETER} AND first <= ${PARAMETER}),
           ${PARAMETER})
       ORDER BY first ${order} LIMIT ${PARAMETER}`;
    this.#ascending = driver.prepare(touching('ASC'));
    this.#descending = driver.prepare(touching('DESC'));
    this.#before = driver.prepare(
      `${ENTRY} WHERE series_id = ${PARAMETER} AND first <= ${PARAMETER} ORDER BY first DESC LIMIT 1`,
    );
    this.#after = driver.prepare(
      `${ENTRY} WHERE series_id = ${PARAMETER} AND first > ${PARAMETER} ORDER BY first LIMIT 1`,
    );
    this.#data = driver.prepare('SELECT data, format, checksum FROM segments WHERE id = ?');
    this.#ids = driver.prepare('SELECT id, first FROM segments WHERE series_id = ? ORDER BY first');
    this.#stored = driver.prepare(
      'SELECT id, first, last, count, format, checksum, data FROM segments WHERE id = ?',
    );
    this.#describe = driver.prepare(
      'UPDATE segments SET first = ?, last = ?, count = ?, format = ? WHERE id = ?',
    );
    this.#insert = driver.prepare(
      `INSERT INTO segments (series_id, first, last, count, format, checksum, data)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#delete = driver.prepare('DELETE FROM segments WHERE id = ?');
    this.#totals = driver.prepare(
      `SELECT count(*), ifnull(sum(count), 0), ifnull(sum(length(data)), 0) FROM segments
       WHERE series_id = ?`,
    );
  }

  /** The segments that reach into the range: the first or the last `limit` of them, from there on. */
  touching(
    seriesId: number,
    { from, to }: Interval,
    take: 'first' | 'last' = 'first',
    limit = -1,
  ): SegmentEntry[] {
    const statement = take === 'first' ? this.#ascending : this.#descending;
    return statement.all([seriesId, to, from, seriesId, from, from, limit]).map(entryOf);
  }

  /** The last segment that begins at the instant or before it. */
  before(seriesId: number, instant: EpochMs): SegmentEntry | undefined {
    const row = this.#before.get([seriesId, instant]);
    return row && entryOf(row);
  }

  /** The first segment that begins after the instant. */
  after(seriesId: number, instant: EpochMs): SegmentEntry | undefined {
    const row = this.#after.get([seriesId, instant]);
    return row && entryOf(row);
  }

  extent(seriesId: number): CandleExtent | undefined {
    const first = this.after(seriesId, Number.MIN_SAFE_INTEGER);
    const last = this.before(seriesId, Number.MAX_SAFE_INTEGER);
    return first && last && { first: first.first, last: last.last };
  }

  /** Its bytes, as they were stored for this series and these candles. @throws BarkeepError `CORRUPT`. */
  bytes({ key }: SeriesIdentity, entry: SegmentEntry): Uint8Array {
    const [data, format, checksum] = this.#data.get([entry.id]) ?? [];
    if (data === undefined) throw damagedSegment(key, entry, 'its bytes are missing');
    const header = readable(key, entry, () => readSegmentHeader(data));
    const isAsStored =
      header.timeframe === key.timeframe &&
      header.count === entry.count &&
      header.first === entry.first &&
      header.last === entry.last &&
      header.version === format &&
      header.checksum === checksum;
    if (!isAsStored) throw damagedSegment(key, entry, 'its bytes are those of other candles');
    return data;
  }

  /** All of its candles. @throws BarkeepError `CORRUPT`. */
  load(series: SeriesIdentity, entry: SegmentEntry): CandleColumns {
    const bytes = this.bytes(series, entry);
    const columns = allocateColumns(entry.count);
    this.decode(series, entry, bytes, columns);
    return columns;
  }

  /** The numbers of a series' segments, with their beginnings and in the order of those. */
  ids(seriesId: number): readonly (readonly [id: number, first: EpochMs])[] {
    return this.#ids.all([seriesId]);
  }

  /**
   * The numbers of the segments that the index gives to another series than the table does, or does not
   * know: one of the two is damaged, and nobody can tell which.
   */
  contradicted(): number[] {
    const entries = (access: string) =>
      this.#driver
        .prepare<readonly [id: number, seriesId: number, first: number]>(
          `SELECT id, series_id, first FROM segments ${access}`,
        )
        .all([]);
    const indexed = entries('INDEXED BY sqlite_autoindex_segments_1 ORDER BY series_id, first');
    const owners = new Map(indexed.map(([id, seriesId]) => [id, seriesId]));
    const places = new Set(indexed.map(([, seriesId, first]) => `${seriesId} ${first}`));
    return entries(`NOT INDEXED ${WHOLE_TABLE}`)
      .filter(([id, seriesId, first]) => {
        return owners.get(id) !== seriesId && !places.has(`${seriesId} ${first}`);
      })
      .map(([id]) => id);
  }

  /** A segment, whatever the table says of it. */
  stored(id: number): StoredSegment | undefined {
    const row = this.#stored.get([id]);
    if (row === undefined) return undefined;
    const [, first, last, count, format, checksum, data] = row;
    return { id, first, last, count, format, checksum, data };
  }

  /** Has the table say of a segment what its bytes do. */
  describe(id: number, { first, last, count, version }: SegmentHeader): void {
    this.#describe.run([first, last, count, version, id]);
  }

  /** Decodes a segment, or a part of it, into the columns that `target` has. @throws BarkeepError `CORRUPT`. */
  decode(
    { key }: SeriesIdentity,
    entry: SegmentEntry,
    bytes: Uint8Array,
    target: Partial<CandleColumns>,
    options: DecodeOptions = {},
  ): void {
    readable(key, entry, () => decodeSegment(bytes, target, options));
  }

  /** The index of its first candle at or after an instant. @throws BarkeepError `CORRUPT`. */
  find({ key }: SeriesIdentity, entry: SegmentEntry, bytes: Uint8Array, instant: EpochMs): number {
    return readable(key, entry, () => findInSegment(bytes, instant));
  }

  /** Stores candles as one segment, which must not overlap with another. Returns its size. */
  insert({ id, key }: SeriesIdentity, columns: CandleColumns): number {
    const series = CandleSeries.fromTrustedColumns(key, columns);
    const bytes = encodeSegment(series);
    const { firstTimestamp, lastTimestamp, length } = series;
    const { checksum } = readSegmentHeader(bytes);
    const row = [id, firstTimestamp, lastTimestamp, length, SEGMENT_VERSION, checksum, bytes];
    this.#insert.run(row);
    return bytes.length;
  }

  delete({ id }: SegmentEntry): void {
    this.#delete.run([id]);
  }

  totals(seriesId: number): SegmentTotals {
    const [segments, candles, bytes] = this.#totals.get([seriesId]) ?? [0, 0, 0];
    return { segments, candles, bytes };
  }
}

/** A count that is damaged beyond what a segment can have asks for no more memory than one can take. */
function entryOf([id, first, last, count]: Row): SegmentEntry {
  return { id, first, last, count: Math.max(1, Math.min(count, MAX_SEGMENT_LENGTH)) };
}

/** What the codec says of damage, with the series and the range that it cannot know. */
function readable<T>(key: SeriesKey, entry: CandleExtent, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!BarkeepError.is(error) || error.code !== 'CORRUPT') throw error;
    throw damagedSegment(key, entry, error.message, error);
  }
}
