import type { SqliteEngine } from './sqlite-engine.ts';
import type { ThreadCalls } from './thread/thread-protocol.ts';

/** What a storage asks of its engine, wherever that runs, and whether it may change something. */
const CALLS = {
  write: 'changes',
  writePacked: 'changes',
  read: 'reads',
  readMany: 'reads',
  readUpTo: 'reads',
  readPart: 'reads',
  readColumns: 'reads',
  snapshots: 'reads',
  remove: 'changes',
  revisions: 'reads',
  announce: 'changes',
  list: 'reads',
  addCoverage: 'changes',
  coverageOf: 'reads',
  removeCoverage: 'changes',
  getMetadata: 'reads',
  setMetadata: 'changes',
  deleteMetadata: 'changes',
  metadataKeys: 'reads',
  size: 'reads',
  readChanges: 'reads',
  checkIntegrity: 'reads',
  quarantine: 'changes',
  repair: 'changes',
  archiveFigures: 'reads',
  compactSeries: 'changes',
  explain: 'reads',
  fragmentation: 'reads',
  vacuum: 'changes',
  incrementalVacuum: 'changes',
  analyze: 'changes',
  reindex: 'changes',
  advise: 'reads',
  slowQueries: 'reads',
  lease: 'changes',
  checkpoint: 'changes',
} as const;

type Name = keyof typeof CALLS;
export type EngineCalls = Pick<SqliteEngine, Name>;

/** Runs the engine's methods: in another thread, or in this one. */
export interface EngineCaller {
  /** Buffers in `transfer` may be moved away. @throws BarkeepError as the method does. */
  call<M extends keyof EngineCalls>(
    method: M,
    parameters: Parameters<EngineCalls[M]>,
    transfer?: readonly ArrayBuffer[],
  ): Promise<ReturnType<EngineCalls[M]>>;
}

/** Each method of an engine as a function that finds the engine when it is called. */
export function callsOf(engine: () => EngineCalls): EngineCalls {
  const call =
    (name: Name) =>
    (...parameters: readonly unknown[]) =>
      Reflect.apply(engine()[name], engine(), parameters);
  // Each of the names has its method now, which TypeScript cannot tell.
  return Object.fromEntries(
    Object.keys(CALLS).map((name) => [name, call(name as Name)]),
  ) as unknown as EngineCalls;
}

/** The calls that may change something, each of them run by `change`. */
export function changingCalls(
  calls: EngineCalls,
  change: (work: () => unknown) => unknown,
): ThreadCalls {
  const all: ThreadCalls = calls;
  const changing = Object.entries(all).filter(([name]) => CALLS[name as Name] === 'changes');
  return Object.fromEntries(
    changing.map(([name, call]) => [
      name,
      (...parameters: never[]) => change(() => call(...parameters)),
    ]),
  );
}
