/** Runs turbo as a local tool only: without its telemetry and its look for updates. */
import { spawnSync } from 'node:child_process';

const { status, error } = spawnSync('turbo', process.argv.slice(2), {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
});
if (error !== undefined) throw error;
process.exitCode = status ?? 1;
