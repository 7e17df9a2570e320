import type { CandleRows } from './candle-rows.ts';
import type { SegmentEntry, Segments } from './segments.ts';
import type { SeriesIdentity } from './series-table.ts';

/** How many candles of a segment have a row that counts instead. @throws BarkeepError `CORRUPT`. */
export function countOverlaid(
  series: SeriesIdentity,
  entry: SegmentEntry,
  rows: CandleRows,
  segments: Segments,
): number {
  if (rows.count(series.id, { from: entry.first, to: entry.last + 1 }, 1) === 0) return 0;
  const bytes = segments.bytes(series, entry);
  const timestamp = new Float64Array(entry.count);
  segments.decode(series, entry, bytes, { timestamp });
  return overlaidBy(series, timestamp, rows);
}

/** How many of some timestamps, ascending, have a row. */
export function overlaidBy(
  { id }: SeriesIdentity,
  timestamp: Float64Array,
  rows: CandleRows,
): number {
  const [first, last] = [timestamp[0], timestamp.at(-1)];
  if (first === undefined || last === undefined) return 0;
  const range = { from: first, to: last + 1 };
  if (rows.count(id, range, 1) === 0) return 0;
  const selection = { ...range, limit: Number.POSITIVE_INFINITY, take: 'first' } as const;
  const stored = new Set(timestamp);
  return rows
    .readUnchecked(id, selection, 0)
    .timestamp.reduce((sum, at) => sum + (stored.has(at) ? 1 : 0), 0);
}
