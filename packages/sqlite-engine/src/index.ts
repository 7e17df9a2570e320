export {
  type ArchiveBatch,
  type ArchiveFigures,
  type ArchiveOption,
  type ArchivePolicy,
  archivePolicy,
  type CompactionStep,
} from '@barkeep/candle-archive';
export { type BackupFigures, computeFigures } from './backup-figures.ts';
export * from './backup-image.ts';
export * from './backup-layers.ts';
export * from './backup-record.ts';
export type * from './backup-steps.ts';
export * from './backup-verification.ts';
export type { RemoteChange, RemoteChanges } from './change-log.ts';
export * from './database-copy.ts';
export * from './database-location.ts';
export type { DatabaseSettings } from './database-settings.ts';
export * from './database-with-log.ts';
export * from './engine-calls.ts';
export * from './engine-storage.ts';
export * from './increment.ts';
export * from './open-database-files.ts';
export type * from './persister.ts';
export { APPLICATION_ID, SCHEMA_VERSION } from './schema.ts';
export type * from './sqlite-driver.ts';
export * from './sqlite-engine.ts';
export { sqliteFailure } from './sqlite-failure.ts';
export type * from './thread/engine-thread.ts';
export * from './thread/remote-steps.ts';
export * from './thread/serve-engine.ts';
export * from './thread/spare-threads.ts';
export * from './thread/thread-client.ts';
export { columnBuffers, type ThreadCalls } from './thread/thread-protocol.ts';
