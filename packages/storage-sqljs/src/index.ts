export * from './sqljs-storage.ts';
export type { SqlJsStorageOptions } from './sqljs-storage-options.ts';
