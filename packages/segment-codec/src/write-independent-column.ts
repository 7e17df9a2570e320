import type { ByteWriter } from './byte-writer.ts';
import { integersOf } from './integer-columns.ts';
import type { KernelMemory } from './kernel/kernel-memory.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { ENCODING } from './segment-format.ts';
import { basesBefore, commonMinimum, type StreamBases } from './stream-bases.ts';
import { writeBits } from './write-bits.ts';
import { writeDecimals } from './write-decimals.ts';
import { streamBytes } from './write-stream.ts';

/** Where the column's integers lie: the prices are done with by then. */
const INTEGERS = WORKSPACE.close;
const { residuals: RESIDUALS, bases: BASES } = WORKSPACE;

/**
 * Writes a column that is predicted from no other, such as the volumes: as integers above the least of
 * them, or as bits. @returns Where they end.
 */
export function writeIndependentColumn(
  memory: KernelMemory,
  writer: ByteWriter,
  field: string,
  values: Float64Array,
  basesOf: (memory: KernelMemory, count: number) => StreamBases = leastBase,
): number {
  const integers = integersOf(memory, [{ field, values, integersAt: INTEGERS }]);
  if (integers === undefined) return writeBits(memory, writer, values);
  return writeDecimals(memory, writer, values, integers, 0, basesOf(memory, values.length));
}

/**
 * As `writeIndependentColumn`, of a column that some candles lack, where NaN stands; as differences
 * where those are shorter, as of an open interest that moves slowly.
 */
export function writeOptionalColumn(
  memory: KernelMemory,
  writer: ByteWriter,
  field: string,
  values: Float64Array,
): number {
  const present = values.filter((value) => !Number.isNaN(value));
  if (present.length < values.length) {
    writer.u32(ENCODING.sparse);
    writer.u32(present.length);
    for (const byte of presenceOf(values)) writer.u8(byte);
    writer.pad();
  }
  return writeIndependentColumn(memory, writer, field, present, shortestBases);
}

/** A bit for each value, the lowest first: whether it is there. */
function presenceOf(values: Float64Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(values.length / 8));
  for (let i = 0; i < values.length; i += 1) {
    if (!Number.isNaN(values[i])) bits[i >>> 3] = (bits[i >>> 3] ?? 0) | (1 << (i & 7));
  }
  return bits;
}

/** Leaves the residuals in the workspace. */
function leastBase(memory: KernelMemory, count: number): StreamBases {
  const minimum = commonMinimum(memory, INTEGERS, count);
  memory.kernel.takeBases(INTEGERS, BASES, count, RESIDUALS);
  return minimum;
}

/** Leaves the residuals of whichever is shorter in the workspace. */
function shortestBases(memory: KernelMemory, count: number): StreamBases {
  const { kernel } = memory;
  const before = basesBefore(memory, INTEGERS, count);
  kernel.toDeltas(INTEGERS, count, RESIDUALS);
  const asDifferences = streamBytes(memory, count, before);
  const minimum = leastBase(memory, count);
  if (streamBytes(memory, count, minimum) <= asDifferences) return minimum;
  kernel.toDeltas(INTEGERS, count, RESIDUALS);
  return before;
}
