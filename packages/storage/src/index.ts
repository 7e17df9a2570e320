export * from './abstract-market-data-storage.ts';
export {
  type BackupWork,
  backupCalls,
  type CreatedBackup,
  type RestoredBackup,
  type VerifiedBackup,
} from './backup-calls.ts';
export { keptBackups } from './backup-retention.ts';
export type * from './candle-repository.ts';
export type * from './change-feed.ts';
export type * from './checked-backup.ts';
export { type CheckedQuery, checkQuery, EVER } from './checked-query.ts';
export {
  type CheckedSnapshotRange,
  type CheckedSnapshotRequest,
  wantsCandles,
} from './checked-snapshot-request.ts';
export { ContentDigest } from './content-digest.ts';
export {
  addCoverageEntries,
  addCoverageEntry,
  coverageWithin,
  putCoverageEntry,
  removeCoverageRange,
} from './coverage-ledger.ts';
export type * from './coverage-repository.ts';
export type * from './integrity-check.ts';
export type * from './market-data-storage.ts';
export * from './merge-batch.ts';
export type * from './metadata-repository.ts';
export { ProcessRevisions } from './process-revisions.ts';
export { randomRevision } from './random-revision.ts';
export { refuseOtherUnits } from './refuse-other-units.ts';
export { type RevisionBuckets, revisionBucketRange, revisionBuckets } from './revision-buckets.ts';
export * from './select-candles.ts';
export { SeriesDigest } from './series-digest.ts';
export type * from './series-snapshot.ts';
export type * from './storage-adapter.ts';
export type * from './storage-backup.ts';
export type * from './storage-capabilities.ts';
export type * from './storage-maintenance.ts';
export { type BatchContent, uncoveredPart } from './uncovered-part.ts';
