import type { Kernel } from './kernel.ts';
export function loadWasmKernel(): Kernel | undefined {
  return undefined;
}
