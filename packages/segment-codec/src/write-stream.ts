import type { ByteWriter } from './byte-writer.ts';
import { frameSizes } from './frame-sizes.ts';
import type { KernelMemory } from './kernel/kernel-memory.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { framesOf, STREAM_HAS_PATCHES, STREAM_HEADER_BYTES } from './segment-format.ts';
import type { StreamBases } from './stream-bases.ts';

/** Packs the residuals in the workspace into frames and writes them as a stream. */
export function writeStream(
  memory: KernelMemory,
  writer: ByteWriter,
  count: number,
  { predictor, base, own }: StreamBases,
): void {
  const { kernel, bytes } = memory;
  const { tables, residuals, packed } = WORKSPACE;
  kernel.planFrames(residuals, count, tables);
  const frames = framesOf(count);
  const sizes = frameSizes(bytes, { ...tables, hasPatches: true, origin: 0 }, count, 0, frames);
  const hasPatches = sizes.placeBytes > 0;
  const baseWidth = own === undefined ? 0 : baseWidthOf(own);

  writer.u8(predictor);
  writer.u8(baseWidth);
  writer.u8(hasPatches ? STREAM_HAS_PATCHES : 0);
  writer.u8(0);
  writer.f64(base);
  const part = (at: number, length: number): void => {
    writer.bytes(bytes.subarray(at, at + length));
  };
  part(tables.widthsAt, frames);
  if (hasPatches) {
    part(tables.patchWidthsAt, frames);
    part(tables.patchCountsAt, frames);
  }
  writer.pad();
  if (own !== undefined) writeBases(writer, own, baseWidth);
  writer.pad();
  kernel.pack(residuals, count, tables.widthsAt, packed);
  part(packed, sizes.words * 4);
  if (!hasPatches) return;
  const patchWords = Math.ceil(sizes.patchBits / 32);
  kernel.packPatches(residuals, count, tables, patchWords);
  part(tables.placesAt, sizes.placeBytes);
  writer.pad();
  part(tables.patchBitsAt, patchWords * 4);
}

/** The bytes that the stream of the workspace's residuals would take. */
export function streamBytes(memory: KernelMemory, count: number, { own }: StreamBases): number {
  const { kernel, bytes } = memory;
  const { tables, residuals } = WORKSPACE;
  kernel.planFrames(residuals, count, tables);
  const frames = framesOf(count);
  const sizes = frameSizes(bytes, { ...tables, hasPatches: true, origin: 0 }, count, 0, frames);
  const baseBytes = own === undefined ? 0 : frames * baseWidthOf(own);
  return (
    STREAM_HEADER_BYTES +
    frames * 3 +
    baseBytes +
    sizes.words * 4 +
    sizes.placeBytes +
    sizes.patchBits / 8
  );
}

function writeBases(writer: ByteWriter, own: Float64Array, width: number): void {
  for (const base of own) {
    if (width === 1) writer.u8(base);
    else if (width === 2) writer.u16(base);
    else if (width === 4) writer.u32(base);
    else if (width === 8) writer.f64(base);
  }
}

function baseWidthOf(own: Float64Array): number {
  const greatest = own.reduce((most, base) => Math.max(most, base), 0);
  if (greatest === 0) return 0;
  if (greatest < 2 ** 8) return 1;
  if (greatest < 2 ** 16) return 2;
  return greatest < 2 ** 32 ? 4 : 8;
}
