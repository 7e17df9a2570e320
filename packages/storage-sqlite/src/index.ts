export type { ArchiveOption, ArchivePolicy } from '@barkeep/sqlite-engine';
export * from './sqlite-storage.ts';
export type { SqliteStorageOptions } from './sqlite-storage-options.ts';
