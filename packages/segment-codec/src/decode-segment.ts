import {
  type CandleColumn,
  type CandleColumns,
  COLUMN_NAMES,
  OPTIONAL_COLUMNS,
} from '@barkeep/core';
import type { CodecOptions } from './encode-segment.ts';
import { kernelMemory } from './kernel/kernel-memory.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { readIndependentColumn } from './read-independent-column.ts';
import { readPrices } from './read-prices.ts';
import { readTimestamps } from './read-timestamps.ts';
import { type SegmentPart, segmentPart } from './segment-part.ts';

const INDEPENDENT = Object.freeze(['volume', ...OPTIONAL_COLUMNS] as const);

export interface DecodeOptions extends CodecOptions {
  /** The index of the first candle to decode. Default: 0. */
  readonly start?: number;
  /** The index after the last candle to decode. Default: the number of candles. */
  readonly end?: number;
  /** Where in the columns of the target the first of them goes. Default: 0. */
  readonly targetOffset?: number;
}

/**
 * Decodes the candles `[start, end)` of a segment into columns that the caller owns.
 *
 * Only the columns that `target` has are decoded, with those they are told from: `open` is told from
 * `close`, `high` and `low` from both; the others stand alone. An optional one that the segment does
 * not have is filled with NaN. Each column is checked as a whole before it is decoded, and no other
 * is touched.
 *
 * @returns How many candles were decoded.
 * @throws BarkeepError `CORRUPT` when the bytes are not a whole, undamaged segment; what `target`
 * holds is undefined then.
 * @throws RangeError when the range is not within the segment, or the target has no room for it.
 */
export function decodeSegment(
  bytes: Uint8Array,
  target: Partial<CandleColumns>,
  options: DecodeOptions = {},
): number {
  const { start, end, targetOffset = 0, kernel } = options;
  const part = segmentPart(kernelMemory(kernel), bytes, start, end);
  requireRoom(target, targetOffset, part.length);
  if (part.length === 0) return 0;

  const { memory, skip, length } = part;
  const from = (WORKSPACE.values >>> 3) + skip;
  const take = (column: CandleColumn): void => {
    target[column]?.set(memory.doubles.subarray(from, from + length), targetOffset);
  };
  if (target.timestamp !== undefined) {
    readTimestamps(part);
    take('timestamp');
  }
  readPrices(part, target, take);
  for (const column of INDEPENDENT) {
    if (target[column] === undefined) continue;
    if (directoryHas(part, column)) {
      readIndependentColumn(part, column);
      take(column);
    } else {
      target[column].fill(Number.NaN, targetOffset, targetOffset + length);
    }
  }
  return length;
}

function directoryHas({ directory }: SegmentPart, column: CandleColumn): boolean {
  return directory.columns.some(({ name }) => name === column);
}

function requireRoom(target: Partial<CandleColumns>, offset: number, length: number): void {
  for (const column of COLUMN_NAMES) {
    const room = target[column]?.length;
    if (room === undefined) continue;
    if (!(Number.isInteger(offset) && offset >= 0 && offset + length <= room)) {
      throw new RangeError(
        `${column} has no room for ${length} candles from ${offset} on: its length is ${room}`,
      );
    }
  }
}
