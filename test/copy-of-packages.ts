import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';

const root = resolve(import.meta.dirname, '..');

/** A folder with the packages and their links to each other; what is installed is shared. */
export function copyOfPackages(): string {
  const copy = mkdtempSync(join(tmpdir(), 'barkeep-copy-'));
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  const filter = (source: string): boolean => !/[\\/](dist|\.turbo|\.pack|bench)$/.test(source);
  cpSync(join(root, 'packages'), join(copy, 'packages'), {
    recursive: true,
    verbatimSymlinks: true,
    filter,
  });
  const configs = ['base', 'neutral', 'node', 'test'].map((name) => `tsconfig.${name}.json`);
  for (const name of ['package.json', ...configs]) cpSync(join(root, name), join(copy, name));
  for (const name of ['node_modules', 'tools']) symlinkSync(join(root, name), join(copy, name));
  return copy;
}

/** What the type checker says of a package; nothing when it is content. */
export async function typeFaults(directory: string): Promise<string> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  try {
    await promisify(execFile)(process.execPath, [tsc, '-p', directory], { cwd: directory });
    return '';
  } catch (error) {
    return error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
  }
}
