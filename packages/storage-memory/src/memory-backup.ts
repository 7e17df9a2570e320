import {
  allocateColumns,
  BarkeepError,
  CandleSeries,
  type EpochMs,
  type SeriesKey,
  validateSeriesKey,
} from '@barkeep/core';
import {
  DEFAULT_SEGMENT_LENGTH,
  decodeSegment,
  encodeSegment,
  readSegmentHeader,
} from '@barkeep/segment-codec';
import {
  type BackupCall,
  type BackupDescription,
  type BackupProblem,
  type BackupSeries,
  ContentDigest,
  type CoverageEntry,
  EVER,
  SeriesDigest,
} from '@barkeep/storage';
import { CandleChunks } from './candle-chunks.ts';
import type { StoredSeries } from './stored-series.ts';

/** One state of a storage. */
export interface MemoryState {
  readonly series: readonly StoredSeries[];
  /** Keys and JSON texts. */
  readonly documents: readonly (readonly [key: string, text: string])[];
}

export interface DecodedBackup {
  /** `undefined` when there are problems. */
  readonly content: (MemoryState & { readonly description: BackupDescription }) | undefined;
  readonly problems: readonly BackupProblem[];
}

/** What precedes the segments, as JSON. */
interface Header {
  readonly id: string;
  readonly createdAt: EpochMs;
  readonly documents: MemoryState['documents'];
  readonly series: readonly HeaderSeries[];
}

interface HeaderSeries extends BackupSeries {
  readonly coverage: readonly CoverageEntry[];
  /** How many candles and bytes each segment has, in their order. */
  readonly segments: readonly (readonly [candles: number, bytes: number])[];
}

/** Then the length of the header (32 bits, little-endian), the header, the segments, and the digest of all. */
const MAGIC = 'BARKMEM1';
const LENGTH_AT = MAGIC.length;
const HEADER_AT = LENGTH_AT + 4;
const DIGEST_LENGTH = 16;

type Report = BackupCall['report'];

/** The bytes of a backup. */
export function* encodeBackup(
  { id, createdAt, series: stored, documents }: MemoryState & Pick<Header, 'id' | 'createdAt'>,
  report: Report,
): Generator<void, Uint8Array, void> {
  const series: HeaderSeries[] = [];
  const segments: Uint8Array[] = [];
  for (const [i, one] of stored.toSorted(bySeries).entries()) {
    report({ phase: 'copying', fraction: i / stored.length });
    const encoded = yield* encodeSeries(one);
    series.push(encoded.header);
    segments.push(...encoded.segments);
  }
  const header: Header = { id, createdAt, documents, series };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = segments.reduce((sum, segment) => sum + segment.length, HEADER_AT + text.length);
  const bytes = new Uint8Array(length + DIGEST_LENGTH);
  bytes.set(new TextEncoder().encode(MAGIC));
  viewOf(bytes).setUint32(LENGTH_AT, text.length, true);
  bytes.set(text, HEADER_AT);
  let at = HEADER_AT + text.length;
  for (const segment of segments) {
    bytes.set(segment, at);
    at += segment.length;
  }
  bytes.set(digestOf(bytes.subarray(0, length)), length);
  return bytes;
}

/** Reads a backup as a whole. Whatever the bytes are, they are only read. */
export function* decodeBackup(
  bytes: Uint8Array,
  report: Report,
): Generator<void, DecodedBackup, void> {
  const problems: BackupProblem[] = [];
  try {
    const { header, at } = readHeader(bytes);
    const series: StoredSeries[] = [];
    let next = at;
    for (const [i, one] of header.series.entries()) {
      report({ phase: 'verifying', fraction: i / header.series.length });
      const decoded = yield* decodeSeries(one, bytes, next);
      next = decoded.next;
      series.push(decoded.series);
      if (!decoded.isSame) {
        const message = `${one.symbol} ${one.timeframe} is not what was recorded`;
        problems.push({ kind: 'series', key: keyOf(one), message });
      }
    }
    if (problems.length > 0) return { content: undefined, problems };
    const { documents } = header;
    return { content: { series, documents, description: descriptionOf(header) }, problems };
  } catch (error) {
    // What makes no sense may fail in any way.
    const message = error instanceof Error ? error.message : String(error);
    return { content: undefined, problems: [...problems, { kind: 'unreadable', message }] };
  }
}

function* encodeSeries({
  key,
  candles,
  coverage,
}: StoredSeries): Generator<void, { header: HeaderSeries; segments: Uint8Array[] }, void> {
  const digest = new SeriesDigest();
  const segments: Uint8Array[] = [];
  const lengths: [number, number][] = [];
  const { isEmpty } = candles;
  for (let from = EVER.from; digest.count < candles.length; ) {
    const selection = { from, to: EVER.to, limit: DEFAULT_SEGMENT_LENGTH, take: 'first' } as const;
    const piece = yield* candles.read(selection);
    digest.add(piece);
    const segment = encodeSegment(piece);
    segments.push(segment);
    lengths.push([piece.length, segment.length]);
    from = piece.lastTimestamp + 1;
    yield;
  }
  const header = {
    ...key,
    count: candles.length,
    first: isEmpty ? undefined : candles.firstTimestamp,
    last: isEmpty ? undefined : candles.lastTimestamp,
    checksum: digest.finish(coverage),
    coverage,
    segments: lengths,
  };
  return { header, segments };
}

function* decodeSeries(
  recorded: HeaderSeries,
  bytes: Uint8Array,
  at: number,
): Generator<void, { series: StoredSeries; isSame: boolean; next: number }, void> {
  const key = keyOf(recorded);
  const digest = new SeriesDigest();
  let candles = new CandleChunks(key);
  let next = at;
  for (const [count, length] of recorded.segments) {
    // Aligned, in memory of its own.
    const segment = bytes.slice(next, next + length);
    const columns = allocateColumns(count, readSegmentHeader(segment).optional);
    decodeSegment(segment, columns);
    const piece = CandleSeries.from(key, columns);
    digest.add(piece);
    candles = (yield* candles.write(piece)).candles;
    next += length;
    yield;
  }
  const { coverage, count, first, last, checksum } = recorded;
  const isSame =
    digest.finish(coverage) === checksum &&
    candles.length === count &&
    (count === 0 || (candles.firstTimestamp === first && candles.lastTimestamp === last));
  return { series: { key, candles, coverage }, isSame, next };
}

/** @throws Error in words when the bytes are no whole backup. */
function readHeader(bytes: Uint8Array): { readonly header: Header; readonly at: number } {
  const end = bytes.length - DIGEST_LENGTH;
  const magic = new TextDecoder().decode(bytes.subarray(0, MAGIC.length));
  if (end < HEADER_AT || magic !== MAGIC) throw corrupt('it is no backup of storage-memory');
  const digest = digestOf(bytes.subarray(0, end));
  if (digest.some((byte, i) => byte !== bytes[end + i])) {
    throw corrupt('the backup is cut short, or its bytes have changed');
  }
  const at = HEADER_AT + viewOf(bytes).getUint32(LENGTH_AT, true);
  // The digest says that it is what `encodeBackup` wrote.
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(HEADER_AT, at))) as Header;
  for (const series of header.series) validateSeriesKey(keyOf(series));
  return { header, at };
}

function descriptionOf({ id, createdAt, series }: Header): BackupDescription {
  return {
    id,
    createdAt,
    base: undefined,
    series: series.map(({ symbol, timeframe, count, first, last, checksum }) => ({
      symbol,
      timeframe,
      count,
      first,
      last,
      checksum,
    })),
    candles: series.reduce((sum, { count }) => sum + count, 0),
  };
}

function digestOf(bytes: Uint8Array): Uint8Array {
  const digest = new ContentDigest();
  digest.addBytes(bytes);
  return new TextEncoder().encode(digest.value);
}

function corrupt(message: string): BarkeepError {
  return new BarkeepError('CORRUPT', message);
}

function keyOf({ symbol, timeframe }: SeriesKey): SeriesKey {
  return { symbol, timeframe };
}

function bySeries({ key: a }: StoredSeries, { key: b }: StoredSeries): number {
  return compareText(a.symbol, b.symbol) || compareText(a.timeframe, b.timeframe);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
