import { SpareThreads } from '@barkeep/sqlite-engine';
import { type WebWorker, WebWorkerThread } from './web-worker-thread.ts';

/** By how they start: only threads that are alike can stand in for each other. */
const known = new WeakMap<() => WebWorker, Map<string, SpareThreads>>();

/** The Web Workers that run sql.js, whose WebAssembly is at `wasmUrl`. */
export function webWorkerThreads(start: () => WebWorker, wasmUrl: string): SpareThreads {
  const byUrl = known.get(start) ?? new Map<string, SpareThreads>();
  const threads =
    byUrl.get(wasmUrl) ?? new SpareThreads(() => new WebWorkerThread(start(), wasmUrl));
  known.set(start, byUrl.set(wasmUrl, threads));
  return threads;
}
