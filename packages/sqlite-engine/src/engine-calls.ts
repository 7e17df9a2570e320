import type { SqliteEngine } from './sqlite-engine.ts';

/** What a storage asks of its engine, wherever that runs. */
export type EngineCalls = Pick<
  SqliteEngine,
  | 'write'
  | 'writePacked'
  | 'read'
  | 'readMany'
  | 'readUpTo'
  | 'readPart'
  | 'readColumns'
  | 'snapshots'
  | 'remove'
  | 'revisions'
  | 'announce'
  | 'list'
  | 'addCoverage'
  | 'coverageOf'
  | 'removeCoverage'
  | 'getMetadata'
  | 'setMetadata'
  | 'deleteMetadata'
  | 'metadataKeys'
  | 'size'
  | 'readChanges'
  | 'checkIntegrity'
  | 'quarantine'
  | 'repair'
  | 'archiveFigures'
  | 'compactSeries'
  | 'explain'
  | 'fragmentation'
  | 'vacuum'
  | 'incrementalVacuum'
  | 'analyze'
  | 'reindex'
  | 'advise'
  | 'slowQueries'
  | 'lease'
  | 'checkpoint'
>;

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
export function callsOf(engine: () => SqliteEngine): EngineCalls {
  return {
    write: (batches) => engine().write(batches),
    writePacked: (packed) => engine().writePacked(packed),
    read: (query) => engine().read(query),
    readMany: (queries) => engine().readMany(queries),
    readUpTo: (most, query) => engine().readUpTo(most, query),
    readPart: (query, columns) => engine().readPart(query, columns),
    readColumns: (query, columns) => engine().readColumns(query, columns),
    snapshots: (requests) => engine().snapshots(requests),
    remove: (key, range) => engine().remove(key, range),
    revisions: (key, ranges) => engine().revisions(key, ranges),
    announce: (key, range) => engine().announce(key, range),
    list: (filter) => engine().list(filter),
    addCoverage: (key, entry) => engine().addCoverage(key, entry),
    coverageOf: (key, range) => engine().coverageOf(key, range),
    removeCoverage: (key, range) => engine().removeCoverage(key, range),
    getMetadata: (key) => engine().getMetadata(key),
    setMetadata: (key, text) => engine().setMetadata(key, text),
    deleteMetadata: (key) => engine().deleteMetadata(key),
    metadataKeys: (prefix) => engine().metadataKeys(prefix),
    size: () => engine().size(),
    readChanges: () => engine().readChanges(),
    checkIntegrity: (key) => engine().checkIntegrity(key),
    quarantine: (key) => engine().quarantine(key),
    repair: (key) => engine().repair(key),
    archiveFigures: (key) => engine().archiveFigures(key),
    compactSeries: (key, from) => engine().compactSeries(key, from),
    explain: (filter) => engine().explain(filter),
    fragmentation: (tables) => engine().fragmentation(tables),
    vacuum: () => engine().vacuum(),
    incrementalVacuum: (pages) => engine().incrementalVacuum(pages),
    analyze: () => engine().analyze(),
    reindex: () => engine().reindex(),
    advise: () => engine().advise(),
    slowQueries: () => engine().slowQueries(),
    lease: (request, now) => engine().lease(request, now),
    checkpoint: () => engine().checkpoint(),
  };
}
