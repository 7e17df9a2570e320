/**
 * The tests with a budget, many times longer than in `pnpm test`: models of random steps, processes that are
 * killed, every planted bug, every scenario in a browser. `BARKEEP_TEST_FACTOR` says how many times (default: 20); arguments choose files.
 */
import { spawnSync } from 'node:child_process';

const FILES = ['model', 'kill', 'interrupted', 'aging', 'planted', 'corruption', 'chromium.test'];
const given = process.argv.slice(2);
const { status, error } = spawnSync('vitest', ['run', ...(given.length > 0 ? given : FILES)], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: { BARKEEP_TEST_FACTOR: '20', ...process.env },
});
if (error !== undefined) throw error;
process.exitCode = status ?? 1;
