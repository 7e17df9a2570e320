export type { ArchiveOption, ArchivePolicy } from '@barkeep/sqlite-engine';
export { type SqliteBackups, sqliteBackups } from './sqlite-backups.ts';
export * from './sqlite-storage.ts';
export type { SqliteStorageOptions } from './sqlite-storage-options.ts';
