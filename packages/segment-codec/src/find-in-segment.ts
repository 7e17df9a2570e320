import { type EpochMs, lowerBound } from '@barkeep/core';
import type { CodecOptions } from './encode-segment.ts';
import { kernelMemory } from './kernel/kernel-memory.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { readTimestamps } from './read-timestamps.ts';
import { segmentPart } from './segment-part.ts';

/**
 * The index of the first candle at or after an instant; the number of candles when all are before it.
 * Decodes the timestamps only if the instant lies between the first and the last.
 * @throws BarkeepError `CORRUPT`
 */
export function findInSegment(
  bytes: Uint8Array,
  instant: EpochMs,
  options: CodecOptions = {},
): number {
  const memory = kernelMemory(options.kernel);
  const part = segmentPart(memory, bytes);
  const { count, first, last } = part.directory.header;
  if (instant <= first) return 0;
  if (instant > last) return count;
  readTimestamps(part);
  const from = WORKSPACE.values >>> 3;
  return lowerBound(memory.doubles.subarray(from, from + count), instant);
}
