import { BarkeepError } from '@barkeep/core';
import { JavaScriptKernel } from './javascript-kernel.ts';
import type { Kernel, KernelName } from './kernel.ts';
import { createWasmKernel } from './wasm-kernel.ts';

/** A kernel with views of its memory. */
export interface KernelMemory {
  readonly kernel: Kernel;
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  readonly view: DataView;
}

const made = new Map<KernelName | 'best', KernelMemory>();

/**
 * The kernel of a name, or the best that the engine can run, made at its first use. One serves the
 * whole thread: every call into the codec is synchronous, and leaves nothing in the memory that a
 * later one needs.
 * @throws BarkeepError `UNSUPPORTED` when `wasm` is asked for where there is no WebAssembly SIMD.
 */
export function kernelMemory(name: KernelName | 'best' = 'best'): KernelMemory {
  const known = made.get(name);
  if (known !== undefined) return known;
  const memory = name === 'best' ? best() : withViews(makeKernel(name));
  made.set(name, memory);
  return memory;
}

function best(): KernelMemory {
  const wasm = made.get('wasm')?.kernel ?? createWasmKernel();
  return wasm === undefined ? kernelMemory('js') : withViews(wasm);
}

function makeKernel(name: KernelName): Kernel {
  const kernel = name === 'js' ? new JavaScriptKernel() : createWasmKernel();
  if (kernel === undefined) {
    throw new BarkeepError('UNSUPPORTED', 'this engine has no WebAssembly with SIMD', {
      details: { kernel: name },
    });
  }
  return kernel;
}

function withViews(kernel: Kernel): KernelMemory {
  return {
    kernel,
    bytes: new Uint8Array(kernel.memory),
    words: new Uint32Array(kernel.memory),
    doubles: new Float64Array(kernel.memory),
    view: new DataView(kernel.memory),
  };
}
