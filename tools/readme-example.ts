/** Runs the example of a package's README as its reader would, so that it cannot go stale. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';

/** An example that has not ended by then holds its process open: something was not closed. */
const LONGEST_RUN_MS = 25_000;

export interface ReadmeExample {
  /** The first block of the README marked `ts` or `js`: what runs as it stands on the oldest Node. */
  readonly code: string;
  readonly language: 'ts' | 'js';
  /** What it prints, where the block that comes next is marked `text`. */
  readonly output: string | undefined;
}

/**
 * Runs the example in a process of its own, from the sources of this workspace. Imports resolve as
 * in the package; files that the example makes go to a temporary directory.
 *
 * @param packageDir The package's folder; in a test: `resolve(import.meta.dirname, '..')`.
 * @param readme The README with the example. Default: the package's own.
 * @param heading The heading below which the example is. Default: the first of all.
 * @returns What the example printed.
 * @throws Error when it fails, does not end, or prints something other than the README's `text` block.
 */
export async function runReadmeExample(
  packageDir: string,
  readme: string = join(packageDir, 'README.md'),
  heading?: string,
): Promise<string> {
  const example = readmeExample(below(await readFile(readme, 'utf8'), heading));
  const { output } = example;
  const printed = await runModule(resolve(packageDir), example);
  if (output !== undefined && printed.trimEnd() !== output.trimEnd()) {
    throw new Error(`the README's example prints\n${printed}\ninstead of\n${output}`);
  }
  return printed;
}

export function readmeExample(readme: string): ReadmeExample {
  const blocks = [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
  const position = blocks.findIndex(([, language]) => language === 'ts' || language === 'js');
  const [, language, code] = blocks[position] ?? [];
  if (code === undefined) throw new Error('the README has no ```ts or ```js block');
  // Node 22 knows no explicit resource management.
  if (code.includes('await using')) throw new Error('the README must close what it opens');
  const [, after, next] = blocks[position + 1] ?? [];
  const output = after === 'text' ? next : undefined;
  return { code, language: language === 'js' ? 'js' : 'ts', output };
}

function below(readme: string, heading: string | undefined): string {
  if (heading === undefined) return readme;
  const start = readme.indexOf(`\n${heading}\n`);
  if (start < 0) throw new Error(`the README has no heading "${heading}"`);
  return readme.slice(start);
}

async function runModule(packageDir: string, { code, language }: ReadmeExample): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), 'barkeep-readme-'));
  try {
    // Imports were resolved from the package's folder before the first statement runs.
    const module = `process.chdir(${JSON.stringify(scratch)}); ${code}`;
    return await runNode(packageDir, language === 'js' ? 'module' : 'module-typescript', module);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function runNode(cwd: string, type: string, code: string): Promise<string> {
  const child = spawn(
    process.execPath,
    ['--conditions=@barkeep/typescript', `--input-type=${type}`],
    { cwd, timeout: LONGEST_RUN_MS, stdio: ['pipe', 'pipe', 'pipe'] },
  );
  child.stdin.end(code);
  const ended = new Promise<string>((resolveEnd, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => resolveEnd(signal ?? `${exitCode}`));
  });
  const [stdout, stderr, end] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (end === 'SIGTERM') throw new Error(`the README's example did not end by itself\n${stderr}`);
  if (end !== '0') throw new Error(`the README's example failed (${end})\n${stderr}`);
  return stdout;
}
