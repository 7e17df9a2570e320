import { CANDLE_COLUMNS, type CandleSeries, invalidInput } from '@barkeep/core';
import { ByteWriter } from './byte-writer.ts';
import type { KernelName } from './kernel/kernel.ts';
import { type KernelMemory, kernelMemory } from './kernel/kernel-memory.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { HEADER_BYTES, MAX_SEGMENT_LENGTH, SEGMENT_VERSION } from './segment-format.ts';
import { type ColumnPlace, writeDirectory } from './segment-header.ts';
import { writePrices } from './write-prices.ts';
import { writeTimestamps } from './write-timestamps.ts';
import { writeVolume } from './write-volume.ts';

export interface CodecOptions {
  /**
   * The implementation of the inner loops. Default: `wasm` where the engine has WebAssembly with
   * SIMD, else `js`. Both read and write the same bytes.
   */
  readonly kernel?: KernelName;
}

const writer = new ByteWriter();

/**
 * Compresses candles of one series, without loss, to the bytes of one segment.
 *
 * @param series 1 to `MAX_SEGMENT_LENGTH` candles; valid, as a `CandleSeries` is by contract.
 * @returns Memory of its own, of exactly the segment's size.
 * @throws BarkeepError `INVALID_INPUT` when there are no candles or too many, or when a candle breaks
 * a rule that the format relies on; `details` has `field` and `index`.
 */
export function encodeSegment(
  series: CandleSeries,
  options: CodecOptions = {},
): Uint8Array<ArrayBuffer> {
  const count = series.length;
  if (count === 0 || count > MAX_SEGMENT_LENGTH) {
    throw invalidInput({
      field: 'series',
      rule: `must have 1 to ${MAX_SEGMENT_LENGTH} candles`,
      value: count,
    });
  }
  const memory = kernelMemory(options.kernel);
  writer.clear();
  for (let i = 0; i < HEADER_BYTES; i += 4) writer.u32(0);
  const ends = [
    writeTimestamps(memory, writer, series),
    ...writePrices(memory, writer, series),
    writeVolume(memory, writer, series),
  ];
  const segment = writer.copy();
  const header = {
    version: SEGMENT_VERSION,
    timeframe: series.timeframe,
    count,
    first: series.firstTimestamp,
    last: series.lastTimestamp,
  };
  writeDirectory(memory, segment, header, placesOf(memory, segment, ends));
  return segment;
}

function placesOf(
  { kernel, bytes }: KernelMemory,
  segment: Uint8Array,
  ends: readonly number[],
): ColumnPlace[] {
  return CANDLE_COLUMNS.map((_, i) => {
    const at = ends[i - 1] ?? HEADER_BYTES;
    const payload = segment.subarray(at, ends[i]);
    bytes.set(payload, WORKSPACE.payload);
    const checksum = kernel.checksum(WORKSPACE.payload, payload.length);
    return { at, byteLength: payload.length, checksum };
  });
}
