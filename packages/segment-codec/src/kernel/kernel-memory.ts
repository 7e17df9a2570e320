import { JavaScriptKernel } from './javascript-kernel.ts';
import type { Kernel, KernelName } from './kernel.ts';
import { loadWasmKernel } from './wasm-kernel.ts';

/** A kernel with views of its memory. */
export interface KernelMemory {
  readonly kernel: Kernel;
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  readonly view: DataView;
}

const loaded = new Map<KernelName, KernelMemory>();

/**
 * The kernel of that name, made at its first use; without a name, WebAssembly where the engine has
 * SIMD, else plain JavaScript. One serves the whole thread: calls are synchronous, and none keeps
 * anything in the memory.
 */
export function kernelMemory(name?: KernelName): KernelMemory {
  if (name !== undefined) return load(name);
  preferred ??= loadWasmKernel() === undefined ? 'js' : 'wasm';
  return load(preferred);
}
let preferred: KernelName | undefined;

function load(name: KernelName): KernelMemory {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const kernel = makeKernel(name);
  const made = {
    kernel,
    bytes: new Uint8Array(kernel.memory),
    words: new Uint32Array(kernel.memory),
    doubles: new Float64Array(kernel.memory),
    view: new DataView(kernel.memory),
  };
  loaded.set(name, made);
  return made;
}

function makeKernel(name: KernelName): Kernel {
  return name === 'js' ? new JavaScriptKernel() : (loadWasmKernel() ?? new JavaScriptKernel());
}
