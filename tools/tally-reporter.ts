import type { Reporter, TestModule } from 'vitest/node';

/**
 * Closes the output of a run with one plain line, `N passed, N failed`, for people and for CI.
 *
 * A file that does not load, a hook that throws outside a test and an error nobody caught are
 * failures as well, though no test carries them.
 */
export class TallyReporter implements Reporter {
  #tally = '0 passed, 1 failed';

  onInit(): void {
    process.once('exit', () => process.stdout.write(`${this.#tally}\n`));
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let skipped = 0;
    let failed = unhandledErrors.length;
    for (const module of modules) {
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        else if (state === 'failed') failed += 1;
        else skipped += 1;
      }
    }
    if (passed + failed + skipped === 0) failed = 1;
    const skips = skipped > 0 ? `, ${skipped} skipped` : '';
    this.#tally = `${passed} passed, ${failed} failed${skips}`;
  }
}
