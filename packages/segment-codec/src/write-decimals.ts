import type { ByteWriter } from './byte-writer.ts';
import type { IntegerColumns } from './integer-columns.ts';
import type { KernelMemory } from './kernel/kernel-memory.ts';
import { ENCODING } from './segment-format.ts';
import type { StreamBases } from './stream-bases.ts';
import { writeStream } from './write-stream.ts';

/**
 * Writes the residuals in the workspace as the `column`th of some integer columns, and the values
 * that are exceptions as doubles.
 * @returns Where they end.
 */
export function writeDecimals(
  memory: KernelMemory,
  writer: ByteWriter,
  values: Float64Array,
  { scale, unit, exceptions }: IntegerColumns,
  column: number,
  bases: StreamBases,
): number {
  const positions = exceptions[column] ?? [];
  writer.u8(ENCODING.decimal);
  writer.u8(scale);
  writer.u16(0);
  writer.u32(positions.length);
  writer.f64(unit);
  writeStream(memory, writer, values.length, bases);
  for (const position of positions) writer.u16(position);
  writer.pad();
  for (const position of positions) writer.f64(values[position] ?? 0);
  return writer.length;
}
