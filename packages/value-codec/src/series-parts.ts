import { allocateColumns, CandleSeries, type SeriesKey } from '@barkeep/core';
import {
  DEFAULT_SEGMENT_LENGTH,
  decodeSegment,
  encodeSegment,
  readSegmentHeader,
} from '@barkeep/segment-codec';

/** The candles of a series as compressed segments in their order; none when it is empty. */
export function segmentsOf(series: CandleSeries): Uint8Array[] {
  const segments: Uint8Array[] = [];
  for (let start = 0; start < series.length; start += DEFAULT_SEGMENT_LENGTH) {
    segments.push(encodeSegment(series.slice(start, start + DEFAULT_SEGMENT_LENGTH)));
  }
  return segments;
}

/**
 * One segment after the other, each checked before memory for the next is asked for.
 * @throws when a segment is damaged, of another timeframe, or out of order.
 */
export function seriesOf(key: SeriesKey, segments: readonly Uint8Array[]): CandleSeries {
  const parts = segments.map((segment) => {
    const { count, timeframe, optional } = readSegmentHeader(segment);
    if (timeframe !== key.timeframe) throw new TypeError(`a segment is of ${timeframe}`);
    const columns = allocateColumns(count, optional);
    decodeSegment(segment, columns);
    return CandleSeries.fromTrustedColumns(key, columns);
  });
  return parts.length === 0 ? CandleSeries.empty(key) : CandleSeries.concat(key, parts);
}
