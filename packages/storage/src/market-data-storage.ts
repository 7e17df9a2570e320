import type { CallOptions, HandleState, OperationSummary } from '@barkeep/core';
import type { ICandleRepository } from './candle-repository.ts';
import type { BackgroundFailure, IChangeFeed } from './change-feed.ts';
import type { ICoverageRepository } from './coverage-repository.ts';
import type { IIntegrityCheck } from './integrity-check.ts';
import type { IMetadataRepository } from './metadata-repository.ts';
import type { IStorageBackup } from './storage-backup.ts';
import type { StorageCapabilities } from './storage-capabilities.ts';
import type { IStorageMaintenance } from './storage-maintenance.ts';

export interface StorageStatistics {
  /** Calls, failures and latencies since the handle was opened, by operation such as `candles.read`. */
  readonly operations: Readonly<Record<string, OperationSummary>>;
  readonly candlesRead: number;
  readonly candlesInserted: number;
  readonly candlesUpdated: number;
  readonly candlesUnchanged: number;
  readonly size: StorageSize;
  /** Of work that nobody awaits, such as compaction; see `BackgroundWork`. */
  readonly background: BackgroundStatistics;
}

export interface BackgroundStatistics {
  readonly failures: number;
  /** The latest failure; it stays after a later success. */
  readonly lastFailure: BackgroundFailure | undefined;
}

/** How much is stored. */
export interface StorageSize {
  readonly series: number;
  readonly candles: number;
  /** Bytes of disk or memory that the data occupies. */
  readonly bytes: number;
  /** What the write-ahead log takes besides, where there is one. */
  readonly walBytes?: number | undefined;
  /** What is free where the data lies, to this user; where that can be told. */
  readonly freeBytes?: number | undefined;
}

/**
 * Persistent candles with their coverage and metadata. Open it before use, close it after.
 *
 * Calls may overlap: each write is atomic, and a read sees every write that resolved before it began.
 */
export interface IMarketDataStorage extends AsyncDisposable {
  readonly name: string;
  readonly capabilities: StorageCapabilities;
  readonly state: HandleState;
  readonly candles: ICandleRepository;
  readonly coverage: ICoverageRepository;
  readonly metadata: IMetadataRepository;
  readonly changes: IChangeFeed;
  /** There exactly when `capabilities.integrity`. */
  readonly integrity?: IIntegrityCheck | undefined;
  /** There exactly when `capabilities.maintenance`. */
  readonly maintenance?: IStorageMaintenance | undefined;
  /** There exactly when `capabilities.backup`. */
  readonly backup?: IStorageBackup | undefined;

  open(options?: CallOptions): Promise<void>;
  close(): Promise<void>;
  /** Resolves when everything written so far is as durable as the adapter can make it. */
  flush(options?: CallOptions): Promise<void>;
  stats(options?: CallOptions): Promise<StorageStatistics>;
}
