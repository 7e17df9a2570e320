import { Worker } from 'node:worker_threads';
import { SpareThreads, ThreadClient } from '@barkeep/sqlite-engine';
import type { WorkerCalls } from './worker-protocol.ts';

/** Sources import each other as `.ts`, the build as `.js`. */
const WORKER_URL = new URL(
  `./sqljs-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`,
  import.meta.url,
);

const threads = new SpareThreads(
  () => new Worker(WORKER_URL, { name: 'barkeep-sqljs', execArgv: inheritedFlags() }),
);

/** One database in a worker thread, seen from the main thread. */
export class DatabaseThread extends ThreadClient<WorkerCalls> {
  constructor() {
    super(threads);
  }
}

/** A worker that inherits `--input-type`, as of `node --input-type=module -e …`, loads no file. */
function inheritedFlags(): string[] | undefined {
  if (!process.execArgv.some((flag) => flag.startsWith('--input-type'))) return undefined;
  return process.execArgv.filter((flag) => flag.startsWith('--conditions='));
}
