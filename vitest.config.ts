import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { TallyReporter } from './tools/tally-reporter.ts';
import { budget } from './tools/test-budget.ts';

/** Packages and apps are read from their TypeScript sources: no build comes before the tests. */
const sourceCondition = '@barkeep/typescript';

/** Every package and app with a `test` folder is a project of its own, named after its folder. */
const members: TestProjectInlineConfiguration[] = ['packages', 'apps']
  .flatMap((parent) => readdirSync(parent).map((folder) => join(parent, folder)))
  .filter((root) => existsSync(join(root, 'test')))
  .map((root) => ({
    extends: true,
    test: { name: basename(root), root, include: ['test/**/*.test.ts'] },
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
    // Vitest leaves a core to itself; much of what is tested waits for disks, servers and browsers.
    maxWorkers: '100%',
    // Worker threads and child processes of a test inherit the condition too.
    execArgv: [`--conditions=${sourceCondition}`],
    testTimeout: budget(30_000),
    hookTimeout: 30_000,
    reporters: ['default', new TallyReporter()],
  },
});
