import { Worker } from 'node:worker_threads';
import { SpareThreads } from '@barkeep/sqlite-engine';

/** Sources import each other as `.ts`, the build as `.js`. */
const WORKER_URL = new URL(
  `./sqlite-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`,
  import.meta.url,
);

/** The threads that run better-sqlite3. */
export const sqliteThreads: SpareThreads = new SpareThreads(
  () => new Worker(WORKER_URL, { name: 'barkeep-sqlite', execArgv: inheritedFlags() }),
);

/**
 * Usually all of the process's flags (`undefined`). But a worker that inherits `--input-type`, as of
 * `node --input-type=module -e …`, refuses to load any file.
 */
function inheritedFlags(): string[] | undefined {
  if (!process.execArgv.some((flag) => flag.startsWith('--input-type'))) return undefined;
  return process.execArgv.filter((flag) => flag.startsWith('--conditions='));
}
