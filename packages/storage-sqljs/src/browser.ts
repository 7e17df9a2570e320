/** The package as browsers load it. */
export { IndexedDbPersister } from './browser/indexed-db-persister.ts';
export { OpfsPersister } from './browser/opfs-persister.ts';
export { SqlJsStorage } from './browser/sqljs-storage.ts';
export type { WebWorker } from './browser/web-worker-thread.ts';
export type { Persister } from './persister.ts';
export type { SaveStatus } from './save-status.ts';
export type { SqlJsStorageOptions } from './sqljs-storage-options.ts';
