import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import asc from 'assemblyscript/asc';

/** The module that holds the compiled kernel. */
export const modulePath: string = resolve(import.meta.dirname, '../src/kernel/wasm-kernel-code.ts');

const sourcePath = resolve(import.meta.dirname, 'kernel.ts');
const options = ['kernel.ts', '--outFile', 'kernel.wasm', '-O3', '--noAssert'];
const features = ['--enable', 'simd', '--runtime', 'stub', '--use', 'abort=', '--importMemory'];

/** Compiles the kernel's source to WebAssembly. The same source and compiler give the same bytes. */
export async function compileKernel(): Promise<Uint8Array> {
  const source = await readFile(sourcePath, 'utf8');
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main([...options, ...features], {
    readFile: (name) => (name === 'kernel.ts' ? source : null),
    writeFile: (name, contents) => {
      if (name === 'kernel.wasm' && typeof contents !== 'string') binary = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined) {
    throw new Error(`the kernel does not compile\n${stderr.toString()}`, { cause: error });
  }
  return binary;
}

/** The source of a module that exports a compiled kernel as text. */
export function moduleText(binary: Uint8Array): string {
  const base64 = Buffer.from(binary).toString('base64');
  const lines = base64.match(/.{1,90}/g) ?? [];
  return [
    '// Made by kernel/build-kernel.ts from kernel/kernel.ts: do not edit.',
    '',
    '/** The compiled kernel: a WebAssembly module in base64. */',
    'export const WASM_KERNEL_CODE: string =',
    `${lines.map((line) => `  '${line}'`).join(' +\n')};`,
    '',
  ].join('\n');
}
