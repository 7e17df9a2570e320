/** `pnpm new-adapter` makes packages that compile, and whose suites say what is still to be written. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { writeAdapterPackage } from '../tools/new-adapter.ts';
import { copyOfPackages, typeFaults } from './copy-of-packages.ts';

const SUITES = {
  storage: 'runStorageConformance',
  cache: 'runCacheConformance',
  realtime: 'runRealtimeConformance',
} as const;

it('makes a package for each kind, and its suite names the methods that are not written', async () => {
  const copy = copyOfPackages();
  for (const [kind, suite] of Object.entries(SUITES)) {
    const name = writeAdapterPackage(copy, kind, 'acme');
    const folder = join(copy, 'packages', name);
    link(copy, folder);
    expect(await typeFaults(folder), name).toBe('');
    expect(await typeFaults(join(folder, 'test')), name).toBe('');
    const script = join(folder, 'run.ts');
    writeFileSync(
      script,
      `import { ${suite} } from '@barkeep/conformance/${kind}';
       import { harnesses } from './test/conformance-harnesses.ts';
       const report = await ${suite}(harnesses[0]);
       console.log(report.failed.map(({ error }) => error.message).join('\\n'));`,
    );
    const arguments_ = ['--conditions=@barkeep/typescript', script];
    const { stdout } = await promisify(execFile)(process.execPath, arguments_);
    const unwritten = new Set(stdout.match(/_\w+(?= of \w+-acme is still to be written)/g));
    expect(unwritten.size, name).toBeGreaterThanOrEqual(4);
  }
});

/** As `pnpm install` does. */
function link(copy: string, folder: string): void {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  mkdirSync(join(folder, 'node_modules/@barkeep'), { recursive: true });
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
    const target = join(copy, 'packages', name.slice('@barkeep/'.length));
    symlinkSync(target, join(folder, 'node_modules', name));
  }
}
