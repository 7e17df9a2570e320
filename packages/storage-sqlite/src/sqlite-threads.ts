import { Worker } from 'node:worker_threads';

/** Starting a thread takes far longer than opening a database, so one that is free waits a while. */
const SPARE_FOR_MS = 5_000;
const MOST_SPARES = 4;

/** Sources import each other as `.ts`, the build as `.js`. */
const WORKER_URL = new URL(
  `./sqlite-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`,
  import.meta.url,
);

const spares = new Map<Worker, NodeJS.Timeout>();

/** A thread without a connection and without listeners, which does not keep the process alive. */
export function takeThread(): Worker {
  const [spare] = spares.keys();
  if (spare !== undefined) {
    forget(spare);
    return spare;
  }
  const thread = new Worker(WORKER_URL, { name: 'barkeep-sqlite', execArgv: inheritedFlags() });
  thread.unref();
  return thread;
}

/** Takes back a thread that has closed its connection and has nothing left to answer. */
export async function returnThread(thread: Worker): Promise<void> {
  removeListeners(thread);
  if (spares.size >= MOST_SPARES) {
    await thread.terminate();
    return;
  }
  thread.unref();
  thread.on('error', () => forget(thread));
  thread.on('exit', () => forget(thread));
  const timer = setTimeout(() => {
    forget(thread);
    void thread.terminate();
  }, SPARE_FOR_MS);
  timer.unref();
  spares.set(thread, timer);
}

function forget(thread: Worker): void {
  clearTimeout(spares.get(thread));
  spares.delete(thread);
  removeListeners(thread);
}

/** By name: a `Worker` has listeners of its own that deliver its messages. */
function removeListeners(thread: Worker): void {
  for (const event of ['message', 'messageerror', 'error', 'exit']) {
    thread.removeAllListeners(event);
  }
}

/**
 * Usually all of the process's flags (`undefined`). But a worker that inherits `--input-type`, as of
 * `node --input-type=module -e …`, refuses to load any file.
 */
function inheritedFlags(): string[] | undefined {
  if (!process.execArgv.some((flag) => flag.startsWith('--input-type'))) return undefined;
  return process.execArgv.filter((flag) => flag.startsWith('--conditions='));
}
