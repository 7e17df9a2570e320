import type { CandleColumns } from '@barkeep/core';
import type { ByteWriter } from './byte-writer.ts';
import { integersOf } from './integer-columns.ts';
import type { KernelMemory } from './kernel/kernel-memory.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { commonMinimum } from './stream-bases.ts';
import { writeBits } from './write-bits.ts';
import { writeDecimals } from './write-decimals.ts';

/** Where volumes lie as integers: the prices are done with by then. */
const INTEGERS = WORKSPACE.close;

/** Writes the volumes: as integers above the least of them, or as bits. @returns Where they end. */
export function writeVolume(
  memory: KernelMemory,
  writer: ByteWriter,
  { volume }: CandleColumns,
): number {
  const columns = [{ field: 'volume', values: volume, integersAt: INTEGERS }] as const;
  const integers = integersOf(memory, columns);
  if (integers === undefined) return writeBits(memory, writer, volume);
  const minimum = commonMinimum(memory, INTEGERS, volume.length);
  memory.kernel.takeBases(INTEGERS, WORKSPACE.bases, volume.length, WORKSPACE.residuals);
  return writeDecimals(memory, writer, volume, integers, 0, minimum);
}
