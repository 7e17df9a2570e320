import type {
  CandleExtent,
  CandleSelection,
  LoadedSegment,
  NewSegment,
  SegmentBytes,
  SegmentId,
  StoredSegment,
} from '@barkeep/candle-archive';
import type { EpochMs, Interval } from '@barkeep/core';
import { MAX_SEGMENT_LENGTH, type SegmentHeader } from '@barkeep/segment-codec';
import { WHOLE_TABLE } from './maintenance/statement-plan.ts';
import type { SqliteDriver, SqliteStatement } from './sqlite-driver.ts';
import { PARAMETER } from './unpeeked-parameter.ts';

type BytesStatement = SqliteStatement<
  readonly [data: Uint8Array, format: number, checksum: number]
>;
type Row = readonly [id: number, first: number, last: number, count: number];

const ENTRY = 'SELECT id, first, last, count FROM segments';
/** A number as the table takes it: damage may have made anything of it. */
const whole = (column: string): string => `CAST(ifnull(${column}, 0) AS INTEGER)`;

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
  readonly #data: BytesStatement;
  readonly #ids: SqliteStatement<SegmentId>;
  readonly #keep: SqliteStatement;
  readonly #stored: SqliteStatement<
    readonly [...Row, format: number, checksum: number, data: Uint8Array]
  >;
  readonly #describe: SqliteStatement;
  readonly #insert: SqliteStatement;
  readonly #delete: SqliteStatement;
  readonly #totals: SqliteStatement<readonly [segments: number, bytes: number]>;

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
    this.#keep = driver.prepare(
      `INSERT INTO damaged_segments
         (series_id, first, last, count, format, checksum, data, reason)
       SELECT series_id, ${whole('first')}, ${whole('last')}, ${whole('count')}, ${whole('format')},
         ${whole('checksum')}, CAST(ifnull(data, x'') AS BLOB), ?
       FROM segments WHERE id = ?`,
    );
    this.#delete = driver.prepare('DELETE FROM segments WHERE id = ?');
    this.#totals = driver.prepare(
      `SELECT count(*), ifnull(sum(length(data)), 0) FROM segments
       WHERE series_id = ?`,
    );
  }

  /** The segments that reach into the range: the first or the last of them, from there on. */
  touching(
    seriesId: number,
    { from, to, take = 'first', limit = -1 }: Interval & Partial<CandleSelection>,
  ): LoadedSegment[] {
    const statement = take === 'first' ? this.#ascending : this.#descending;
    const most = limit === Number.POSITIVE_INFINITY ? -1 : limit;
    const rows = statement.all([seriesId, to, from, seriesId, from, from, most]);
    return rows.map((row) => new Segment(row, this.#data));
  }

  /** The segments from a first candle to a last one, ascending, and those beside them if wanted. */
  around(seriesId: number, { first, last }: CandleExtent, beside: boolean): LoadedSegment[] {
    const among = this.touching(seriesId, { from: first, to: last + 1 });
    if (!beside) return among;
    const before = this.#before.get([seriesId, Math.min(first, among[0]?.first ?? first) - 1]);
    const after = this.#after.get([seriesId, Math.max(last, among.at(-1)?.first ?? last)]);
    const [left, right] = [before, after].map((row) => (row ? [new Segment(row, this.#data)] : []));
    return [...(left ?? []), ...among, ...(right ?? [])];
  }

  extent(seriesId: number): CandleExtent | undefined {
    const first = this.#after.get([seriesId, Number.MIN_SAFE_INTEGER]);
    const last = this.#before.get([seriesId, Number.MAX_SAFE_INTEGER]);
    return first && last && { first: first[1], last: last[2] };
  }

  /** The numbers of a series' segments, with their beginnings and in the order of those. */
  ids(seriesId: number): readonly SegmentId[] {
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

  insert(seriesId: number, { first, last, count, format, checksum, data }: NewSegment): void {
    this.#insert.run([seriesId, first, last, count, format, checksum, data]);
  }

  /** Keeps a copy of what is about to be deleted. */
  keep(id: number, reason: string): void {
    this.#keep.run([reason, id]);
  }

  delete(id: number): void {
    this.#delete.run([id]);
  }

  totals(seriesId: number): { readonly segments: number; readonly bytes: number } {
    const [segments, bytes] = this.#totals.get([seriesId]) ?? [0, 0];
    return { segments, bytes };
  }
}

/** Fetches its bytes when they are asked for. */
class Segment implements LoadedSegment {
  readonly id: number;
  readonly first: EpochMs;
  readonly last: EpochMs;
  readonly count: number;
  readonly #bytes: BytesStatement;

  constructor([id, first, last, count]: Row, bytes: BytesStatement) {
    this.id = id;
    this.first = first;
    this.last = last;
    // A count that is damaged beyond what a segment can have asks for no more memory than one can take.
    this.count = Math.max(1, Math.min(count, MAX_SEGMENT_LENGTH));
    this.#bytes = bytes;
  }

  get stored(): SegmentBytes | undefined {
    const [data, format = 0, checksum = 0] = this.#bytes.get([this.id]) ?? [];
    return data && { data, format, checksum };
  }
}
