import type { EpochMs } from '@barkeep/core';
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
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const timestamp = memory.doubles[(WORKSPACE.values >>> 3) + middle] ?? 0;
    if (timestamp < instant) low = middle + 1;
    else high = middle;
  }
  return low;
}
