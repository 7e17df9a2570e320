import { SpareThreads } from '@barkeep/sqlite-engine';
import { type WebWorker, WebWorkerThread } from './web-worker-thread.ts';

/** Only threads that start alike can stand in for each other. */
type ThreadsByWasm = Map<string, SpareThreads>;

const byStart = new WeakMap<() => WebWorker, ThreadsByWasm>();
const byAddress = new Map<string, ThreadsByWasm>();

/** The Web Workers that run sql.js: `worker` starts one, or is the address of its script. */
export function webWorkerThreads(
  worker: (() => WebWorker) | string,
  wasmUrl: string,
): SpareThreads {
  const known = typeof worker === 'string' ? byAddress.get(worker) : byStart.get(worker);
  const byWasm: ThreadsByWasm = known ?? new Map();
  const threads = byWasm.get(wasmUrl) ?? new SpareThreads(() => startThread(worker, wasmUrl));
  byWasm.set(wasmUrl, threads);
  if (typeof worker === 'string') byAddress.set(worker, byWasm);
  else byStart.set(worker, byWasm);
  return threads;
}

function startThread(worker: (() => WebWorker) | string, wasmUrl: string): WebWorkerThread {
  if (typeof worker !== 'string') return new WebWorkerThread(worker, { wasmUrl });
  const start = (): Worker => new Worker(worker, { type: 'module', name: 'barkeep-sqljs' });
  return new WebWorkerThread(start, { wasmUrl, address: worker });
}
