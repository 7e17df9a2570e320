import type { CandleRows } from './candle-rows.ts';
import type { SegmentEntry, Segments } from './segments.ts';
import type { SeriesRow } from './series-table.ts';

/** How many candles of a segment have a row that counts instead. @throws BarkeepError `CORRUPT`. */
export function countOverlaid(
  series: SeriesRow,
  entry: SegmentEntry,
  rows: CandleRows,
  segments: Segments,
): number {
  const range = { from: entry.first, to: entry.last + 1 };
  if (rows.count(series.id, range, 1) === 0) return 0;
  const timestamp = new Float64Array(entry.count);
  segments.decode(series, entry, segments.bytes(series, entry), { timestamp });
  const selection = { ...range, limit: Number.POSITIVE_INFINITY, take: 'first' } as const;
  const stored = new Set(timestamp);
  return rows
    .read(series.id, selection, entry.count)
    .timestamp.reduce((sum, at) => sum + (stored.has(at) ? 1 : 0), 0);
}
