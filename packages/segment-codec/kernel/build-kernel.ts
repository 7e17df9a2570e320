/** Compiles the kernel and writes it as a module: `node kernel/build-kernel.ts`. */
import { writeFile } from 'node:fs/promises';
import { compileKernel, modulePath, moduleText } from './compile-kernel.ts';

await writeFile(modulePath, moduleText(await compileKernel()));
