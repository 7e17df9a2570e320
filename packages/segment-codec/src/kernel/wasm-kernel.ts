import type { DecodedColumns, Kernel, PackedFrames, PatchTables, Scaling } from './kernel.ts';
import { WASM_KERNEL_CODE } from './wasm-kernel-code.ts';
import { WORKSPACE_PAGES } from './workspace.ts';

/** What the compiled kernel exports: `Kernel`, with the addresses of tables one by one. */
interface CompiledKernel
  extends Omit<Kernel, 'name' | 'memory' | 'decode' | 'planFrames' | 'packPatches'> {
  decode(
    predictor: number,
    count: number,
    first: number,
    widthsAt: number,
    patchWidthsAt: number,
    patchCountsAt: number,
    placesAt: number,
    patchBitsAt: number,
    firstPatchBit: number,
    hasPatches: boolean,
    packedAt: number,
    base: number,
    baseWidth: number,
    basesAt: number,
    unit: number,
    divisor: number,
    offset: number,
    openAt: number,
    closeAt: number,
    valuesAt: number,
  ): void;
  planFrames(
    residualsAt: number,
    count: number,
    widthsAt: number,
    patchWidthsAt: number,
    patchCountsAt: number,
  ): void;
  packPatches(
    residualsAt: number,
    count: number,
    widthsAt: number,
    patchWidthsAt: number,
    patchCountsAt: number,
    placesAt: number,
    patchBitsAt: number,
    patchWords: number,
  ): void;
}

/** What is used of WebAssembly: its types come with the DOM's, which code for Node does not see. */
interface WebAssemblyApi {
  readonly Memory: new (size: { initial: number; maximum: number }) => { buffer: ArrayBuffer };
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { exports: object };
  validate(code: Uint8Array): boolean;
}

/** A new kernel in WebAssembly; `undefined` where the engine has no WebAssembly with SIMD. */
export function createWasmKernel(): Kernel | undefined {
  const { WebAssembly } = globalThis as { readonly WebAssembly?: WebAssemblyApi };
  if (WebAssembly === undefined) return undefined;
  const code = bytesOf(WASM_KERNEL_CODE);
  if (!WebAssembly.validate(code)) return undefined;
  const memory = new WebAssembly.Memory({ initial: WORKSPACE_PAGES, maximum: WORKSPACE_PAGES });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory } });
  // The module is our own, and a test compares it with its source: its exports are these.
  const compiled = instance.exports as unknown as CompiledKernel;
  return {
    ...compiled,
    name: 'wasm',
    memory: memory.buffer,
    decode: (frames: PackedFrames, scaling: Scaling, columns: DecodedColumns) =>
      compiled.decode(
        frames.predictor,
        frames.count,
        frames.first,
        frames.tables.widthsAt,
        frames.tables.patchWidthsAt,
        frames.tables.patchCountsAt,
        frames.tables.placesAt,
        frames.tables.patchBitsAt,
        frames.firstPatchBit,
        frames.hasPatches,
        frames.packedAt,
        frames.base,
        frames.baseWidth,
        frames.basesAt,
        scaling.unit,
        scaling.divisor,
        scaling.offset,
        columns.open,
        columns.close,
        columns.values,
      ),
    planFrames: (residualsAt, count, tables) =>
      compiled.planFrames(
        residualsAt,
        count,
        tables.widthsAt,
        tables.patchWidthsAt,
        tables.patchCountsAt,
      ),
    packPatches: (residualsAt, count, tables: PatchTables, patchWords) =>
      compiled.packPatches(
        residualsAt,
        count,
        tables.widthsAt,
        tables.patchWidthsAt,
        tables.patchCountsAt,
        tables.placesAt,
        tables.patchBitsAt,
        patchWords,
      ),
  };
}

/** A loop, because this runs before anything is compiled, when a callback per byte costs the most. */
function bytesOf(base64: string): Uint8Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}
