export * from './archive-change.ts';
export * from './archive-policy.ts';
export type * from './archive-port.ts';
export * from './candle-fault.ts';
export { CANDLE_CHANGE, classifyCandles, WriteTally } from './classify-candles.ts';
export * from './compaction.ts';
export * from './compaction-step.ts';
export * from './coverage-faults.ts';
export * from './damaged-segment.ts';
export {
  type ArchiveRequest,
  type Decision,
  decide,
  decideAsync,
  type SyncArchivePort,
} from './decision.ts';
export * from './inspect-candles.ts';
export { coverageRemoved } from './ledger-change.ts';
export * from './quarantine.ts';
export {
  type ArchiveSnapshot,
  type FoundColumns,
  isEnough,
  noCandles,
  readCandles,
  readSnapshots,
} from './read-candles.ts';
export { cutSegments, removeCandles } from './remove-candles.ts';
export type { SegmentFault } from './segment-inspector.ts';
export * from './stored-segment.ts';
export * from './stored-series.ts';
export {
  type ArchiveBatch,
  addCoverage,
  announceChange,
  removeCoverage,
  writeBatches,
} from './write-batches.ts';
