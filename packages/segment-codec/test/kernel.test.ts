import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { compileKernel, modulePath, moduleText } from '../kernel/compile-kernel.ts';
import type { KernelName } from '../src/index.ts';
import { JavaScriptKernel } from '../src/kernel/javascript-kernel.ts';
import { kernelMemory } from '../src/kernel/kernel-memory.ts';
import { createWasmKernel } from '../src/kernel/wasm-kernel.ts';
import { WORKSPACE } from '../src/kernel/workspace.ts';
import { FRAME_LENGTH, MAX_PATCH_WIDTH, MAX_WIDTH, PREDICTOR } from '../src/segment-format.ts';
import { randomFrom } from './arbitrary-series.ts';
import { referenceXxh32 } from './reference-decoder.ts';

describe('the compiled kernel', () => {
  it('is what its source compiles to', async () => {
    expect(moduleText(await compileKernel())).toBe(await readFile(modulePath, 'utf8'));
  });

  it('is the one that is used where the engine can run it', () => {
    expect(kernelMemory().kernel.name).toBe('wasm');
  });
});

describe('without WebAssembly', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it.each([
    ['at all', undefined],
    ['SIMD', { ...WebAssembly, validate: () => false }],
  ])('%s, the plain kernel takes over, and the other is an error', async (_, replacement) => {
    vi.stubGlobal('WebAssembly', replacement);
    vi.resetModules();
    const fresh = await import('../src/kernel/kernel-memory.ts');
    expect(fresh.kernelMemory().kernel.name).toBe('js');
    expect(() => fresh.kernelMemory('wasm')).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
  });
});

describe('the checksum', () => {
  const kernels = [new JavaScriptKernel(), createWasmKernel()];

  it('knows the test vectors of XXH32', () => {
    const digest = (text: string): number => referenceXxh32(new TextEncoder().encode(text));
    expect(digest('')).toBe(0x02cc5d05);
    expect(digest('abc')).toBe(0x32d153ff);
    expect(digest('Nobody inspects the spammish repetition')).toBe(0xe2293b2f);
  });

  it('is XXH32 for any bytes of any length, in both kernels', () => {
    const random = randomFrom(7);
    const bytes = Uint8Array.from({ length: 300 }, () => random() * 256);
    for (let length = 0; length <= bytes.length; length += 1) {
      const expected = referenceXxh32(bytes.subarray(0, length)) | 0;
      for (const kernel of kernels) {
        if (kernel === undefined) throw new Error('this engine has no WebAssembly SIMD');
        new Uint8Array(kernel.memory).set(bytes, 64);
        expect(kernel.checksum(64, length)).toBe(expected);
      }
    }
  });
});

describe('a packed frame of any width, with patches of any width', () => {
  const tables = WORKSPACE.tables;
  const predictors = [PREDICTOR.base, PREDICTOR.previousClose, PREDICTOR.aboveBody];
  const LIST_OF_5 = [0, 3, 64, 99, 127];
  const BITMAP_OF_20 = [17, 17, 17, 17, 17, 17, 17, 17, 0, 3, 0, 3, 0, 0, 0, 0];
  const widths = Array.from({ length: MAX_WIDTH + 1 }, (_, width) => width);

  /** Decodes random words, with 5 patches in a list of places or 20 in a bitmap. */
  function decodeOne(
    kernel: KernelName,
    width: number,
    patchWidth: number,
    predictor: number,
  ): Float64Array {
    const memory = kernelMemory(kernel);
    const patches = patchWidth % 2 === 0 ? 5 : 20;
    const random = randomFrom(width * 64 + patchWidth);
    const randomWords = (at: number): void => {
      for (let i = 0; i < 300; i += 1) memory.words[(at >>> 2) + i] = random() * 2 ** 32;
    };
    randomWords(WORKSPACE.packed);
    randomWords(tables.patchBitsAt);
    memory.bytes[tables.widthsAt] = width;
    memory.bytes[tables.patchWidthsAt] = patchWidth;
    memory.bytes[tables.patchCountsAt] = patches;
    memory.bytes.set(patches === 5 ? LIST_OF_5 : BITMAP_OF_20, tables.placesAt);
    for (const column of [WORKSPACE.open, WORKSPACE.close]) {
      memory.doubles.fill(0, (column >>> 3) - 1, (column >>> 3) + FRAME_LENGTH);
    }
    const frames = {
      predictor,
      count: FRAME_LENGTH,
      first: 0,
      tables,
      hasPatches: patchWidth > 0,
      firstPatchBit: 7,
      packedAt: WORKSPACE.packed,
      base: 0,
      baseWidth: 0,
      basesAt: 0,
    };
    memory.kernel.decode(frames, { unit: 1, divisor: 100, offset: 0 }, WORKSPACE);
    const at = WORKSPACE.values >>> 3;
    return memory.doubles.slice(at, at + FRAME_LENGTH);
  }

  it.each(predictors)('is the same values in both kernels (predictor %i)', (predictor) => {
    for (const width of widths) {
      for (let patch = 0; patch <= Math.min(MAX_PATCH_WIDTH, MAX_WIDTH - width); patch += 1) {
        const expected = decodeOne('js', width, patch, predictor);
        expect(decodeOne('wasm', width, patch, predictor)).toEqual(expected);
      }
    }
  });
});
