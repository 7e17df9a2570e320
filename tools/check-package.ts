/**
 * Packs the package in the current folder as it would be published, and checks the tarball:
 * nothing of the workspace is left in its package.json, publint finds nothing to say, and its
 * types resolve for every consumer that understands ESM (`arethetypeswrong`).
 *
 * Run by `turbo run check:package`, after the package was built.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

/** Consumers before Node's ESM support, and `require` of ESM, are not served: ESM only. */
const ignoredResolutions = new Set(['node10', 'node16-cjs']);

/** Where tests take the tarball from. */
const directory = '.pack';

rmSync(directory, { recursive: true, force: true });
execFileSync('pnpm', ['pack', '--pack-destination', directory], {
  stdio: ['ignore', 'ignore', 'inherit'],
  shell: process.platform === 'win32',
});
const [name = ''] = readdirSync(directory);
const tarball = readFileSync(join(directory, name));
const problems = [...(await publintProblems(tarball)), ...(await typeProblems(tarball))];
if (problems.length > 0) {
  console.error(problems.map((problem) => `${name}: ${problem}`).join('\n'));
  process.exitCode = 1;
}

async function publintProblems(tarball: Buffer): Promise<string[]> {
  const data = new Uint8Array(tarball).buffer;
  const { messages, pkg } = await publint({ pack: { tarball: data }, strict: true });
  const leftovers = /workspace:|catalog:|@barkeep\/typescript/.exec(JSON.stringify(pkg));
  return [
    ...(leftovers === null ? [] : [`its published package.json says "${leftovers[0]}"`]),
    ...messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code),
  ];
}

async function typeProblems(tarball: Buffer): Promise<string[]> {
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)));
  if (analysis.types === false) return ['it has no types'];
  return analysis.problems
    .filter((problem) => {
      return !('resolutionKind' in problem && ignoredResolutions.has(problem.resolutionKind));
    })
    .map((problem) => JSON.stringify(problem));
}
