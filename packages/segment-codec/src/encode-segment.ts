import {
  type CandleColumn,
  type CandleSeries,
  invalidInput,
  OPTIONAL_COLUMNS,
  REQUIRED_COLUMNS,
} from '@barkeep/core';
import { ByteWriter } from './byte-writer.ts';
import type { KernelName } from './kernel/kernel.ts';
import { type KernelMemory, kernelMemory } from './kernel/kernel-memory.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { MAX_SEGMENT_LENGTH, SEGMENT_VERSION } from './segment-format.ts';
import { type ColumnPlace, headerBytes, writeDirectory } from './segment-header.ts';
import { writeIndependentColumn, writeOptionalColumn } from './write-independent-column.ts';
import { writePrices } from './write-prices.ts';
import { writeTimestamps } from './write-timestamps.ts';

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
  // A column in which no candle has a value is not there.
  const optional = OPTIONAL_COLUMNS.filter((name) => !(series[name]?.every(Number.isNaN) ?? true));
  const headerLength = headerBytes(series.timeframe, REQUIRED_COLUMNS.length + optional.length);
  writer.clear();
  for (let i = 0; i < headerLength; i += 4) writer.u32(0);
  const ends = new Map<CandleColumn, number>();
  ends.set('timestamp', writeTimestamps(memory, writer, series));
  for (const [name, end] of writePrices(memory, writer, series)) ends.set(name, end);
  ends.set('volume', writeIndependentColumn(memory, writer, 'volume', series.volume));
  for (const name of optional) {
    ends.set(name, writeOptionalColumn(memory, writer, name, series[name] ?? NO_VALUES));
  }
  const segment = writer.copy();
  const header = {
    version: SEGMENT_VERSION,
    timeframe: series.timeframe,
    count,
    first: series.firstTimestamp,
    last: series.lastTimestamp,
  };
  writeDirectory(memory, segment, header, placesOf(memory, segment, ends, headerLength));
  return segment;
}

const NO_VALUES = new Float64Array(0);

function placesOf(
  { kernel, bytes }: KernelMemory,
  segment: Uint8Array,
  ends: ReadonlyMap<CandleColumn, number>,
  headerLength: number,
): ColumnPlace[] {
  let at = headerLength;
  return Array.from(ends, ([name, end]) => {
    const payload = segment.subarray(at, end);
    bytes.set(payload, WORKSPACE.payload);
    const checksum = kernel.checksum(WORKSPACE.payload, payload.length);
    const place = { name, at, byteLength: payload.length, checksum };
    at = end;
    return place;
  });
}
