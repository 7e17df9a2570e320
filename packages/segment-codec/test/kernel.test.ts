import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { compileKernel, modulePath, moduleText } from '../kernel/compile-kernel.ts';
import { JavaScriptKernel } from '../src/kernel/javascript-kernel.ts';
import { kernelMemory } from '../src/kernel/kernel-memory.ts';
import { createWasmKernel } from '../src/kernel/wasm-kernel.ts';
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
