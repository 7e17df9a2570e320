/** The package as browsers load it. */

export type { Persister } from '@barkeep/sqlite-engine';
export { BrowserPersister } from './browser/browser-persister.ts';
export type { BrowserPersisterOptions } from './browser/browser-persister-options.ts';
export { type BrowserQuota, browserQuota, keepBrowserData } from './browser/browser-quota.ts';
export { IndexedDbPersister } from './browser/indexed-db-persister.ts';
export { OpfsPersister } from './browser/opfs-persister.ts';
export { sqljsAdapter } from './browser/sqljs-adapter.ts';
export { SqlJsStorage } from './browser/sqljs-storage.ts';
export type { WebWorker } from './browser/web-worker-thread.ts';
export type { SaveStatus } from './save-status.ts';
export type { SqlJsStorageOptions } from './sqljs-storage-options.ts';
