import { Worker } from 'node:worker_threads';
import { SpareThreads } from '@barkeep/sqlite-engine';

/** Sources import each other as `.ts`, the build as `.js`. */
const WORKER_URL = new URL(
  `./sqljs-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`,
  import.meta.url,
);

/** The worker threads that run sql.js. */
export const databaseThreads: SpareThreads = new SpareThreads(
  () => new Worker(WORKER_URL, { name: 'barkeep-sqljs', execArgv: inheritedFlags() }),
);

/** A worker that inherits `--input-type`, as of `node --input-type=module -e …`, loads no file. */
function inheritedFlags(): string[] | undefined {
  if (!process.execArgv.some((flag) => flag.startsWith('--input-type'))) return undefined;
  return process.execArgv.filter((flag) => flag.startsWith('--conditions='));
}
