import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { LongestFirst } from './tools/longest-first.ts';
import { TallyReporter } from './tools/tally-reporter.ts';
import { budget } from './tools/test-budget.ts';

/** Packages and apps are read from their TypeScript sources: no build comes before the tests. */
const sourceCondition = '@barkeep/typescript';

/** Whether a test replaces modules, which those before it in its process would have loaded already. */
function replacesModules(folder: string): boolean {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).some(
    (name) => name.endsWith('.ts') && readFileSync(join(folder, name), 'utf8').includes('vi.mock('),
  );
}

/** Every package and app with a `test` folder is a project of its own, named after its folder. */
const members: TestProjectInlineConfiguration[] = ['packages', 'apps']
  .flatMap((parent) => readdirSync(parent).map((folder) => join(parent, folder)))
  .filter((root) => existsSync(join(root, 'test')))
  .map((root) => ({
    extends: true,
    test: {
      name: basename(root),
      root,
      include: ['test/**/*.test.ts'],
      // One process per core runs one file after the other: to start one for each takes a minute in all.
      isolate: replacesModules(join(root, 'test')),
    },
  }));

const house: TestProjectInlineConfiguration = {
  extends: true,
  test: { name: 'house', include: ['test/**/*.test.ts'] },
};

export default defineConfig({
  resolve: { conditions: [sourceCondition, 'module', 'node', 'development|production'] },
  ssr: { resolve: { conditions: [sourceCondition, 'module', 'node', 'development|production'] } },
  test: {
    projects: [...members, house],
    pool: 'forks',
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // Node compiles our TypeScript once, not again in each of the hundreds of processes and workers.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'barkeep-compile-cache') },
    setupFiles: [resolve(import.meta.dirname, 'tools/patient-waits.ts')],
    // Vitest leaves a core to itself; much of what is tested waits for disks, servers and browsers.
    maxWorkers: '100%',
    // Worker threads and child processes of a test inherit the condition too.
    execArgv: [`--conditions=${sourceCondition}`],
    // What hangs is found in any case; what takes long on a busy machine shall not fail.
    testTimeout: budget(120_000),
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    reporters: ['default', new TallyReporter()],
  },
});
