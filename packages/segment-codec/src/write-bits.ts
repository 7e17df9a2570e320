import type { ByteWriter } from './byte-writer.ts';
import type { KernelMemory } from './kernel/kernel-memory.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { ENCODING } from './segment-format.ts';
import { basesBefore, commonMinimum, frameMinima } from './stream-bases.ts';
import { streamBytes, writeStream } from './write-stream.ts';

const { close: INTEGERS, bases: BASES, residuals: RESIDUALS } = WORKSPACE;

/**
 * Writes values as the halves of their doubles: the upper ones, of like values alike, packed above
 * the least of their frame or as differences, whichever is shorter; the lower ones above their least.
 * @returns Where they end.
 */
export function writeBits(memory: KernelMemory, writer: ByteWriter, values: Float64Array): number {
  const halves = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  writer.u8(ENCODING.bits);
  writer.u8(0);
  writer.u16(0);
  const lengthAt = writer.length;
  writer.u32(0);
  loadHalves(memory, halves, 1);
  writeUpper(memory, writer, values.length);
  writer.setU32(lengthAt, writer.length - lengthAt - 4);
  loadHalves(memory, halves, 0);
  writeLower(memory, writer, values.length);
  return writer.length;
}

function loadHalves({ doubles }: KernelMemory, halves: Uint32Array, half: 0 | 1): void {
  const at = INTEGERS >>> 3;
  for (let i = 0; 2 * i < halves.length; i += 1) doubles[at + i] = halves[2 * i + half] ?? 0;
}

function writeUpper(memory: KernelMemory, writer: ByteWriter, count: number): void {
  const { kernel } = memory;
  const before = basesBefore(memory, INTEGERS, count);
  kernel.toDeltas(INTEGERS, count, RESIDUALS);
  const asDifferences = streamBytes(memory, count, before);
  const minima = frameMinima(memory, INTEGERS, count);
  kernel.takeBases(INTEGERS, BASES, count, RESIDUALS);
  if (streamBytes(memory, count, minima) <= asDifferences) {
    writeStream(memory, writer, count, minima);
    return;
  }
  kernel.toDeltas(INTEGERS, count, RESIDUALS);
  writeStream(memory, writer, count, before);
}

function writeLower(memory: KernelMemory, writer: ByteWriter, count: number): void {
  const minimum = commonMinimum(memory, INTEGERS, count);
  memory.kernel.takeBases(INTEGERS, BASES, count, RESIDUALS);
  writeStream(memory, writer, count, minimum);
}
