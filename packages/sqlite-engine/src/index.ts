export * from './archive-policy.ts';
export type { RemoteChange, RemoteChanges } from './change-log.ts';
export { type ArchiveFigures, type CompactionStep, CompactionTally } from './compaction-step.ts';
export type { DatabaseSettings } from './database-settings.ts';
export { APPLICATION_ID, SCHEMA_VERSION } from './schema.ts';
export type * from './sqlite-driver.ts';
export * from './sqlite-engine.ts';
export { sqliteFailure } from './sqlite-failure.ts';
