import type { CandleRows } from './candle-rows.ts';
import { countOverlaid } from './overlaid-candles.ts';
import type { Segments } from './segments.ts';
import type { SeriesRow } from './series-table.ts';

export type SeriesCounters = Pick<SeriesRow, 'count' | 'rowCount' | 'first' | 'last'>;

const ALL_TIME = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };

/** What the counters of a series are to be, counted anew. @throws BarkeepError `CORRUPT` naming a segment. */
export function countedAnew(
  series: SeriesRow,
  rows: CandleRows,
  segments: Segments,
): SeriesCounters {
  const rowCount = rows.count(series.id, ALL_TIME, Number.MAX_SAFE_INTEGER);
  const count = segments
    .touching(series.id, ALL_TIME)
    .reduce(
      (sum, entry) => sum + entry.count - countOverlaid(series, entry, rows, segments),
      rowCount,
    );
  const extents = [rows.extent(series.id), segments.extent(series.id)].filter(
    (extent) => extent !== undefined,
  );
  if (extents.length === 0) return { count: 0, rowCount: 0, first: null, last: null };
  return {
    count,
    rowCount,
    first: Math.min(...extents.map(({ first }) => first)),
    last: Math.max(...extents.map(({ last }) => last)),
  };
}
