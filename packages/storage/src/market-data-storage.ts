import type { CallOptions, HandleState, OperationSummary } from '@barkeep/core';
import type { ICandleRepository } from './candle-repository.ts';
import type { BackgroundFailure, IChangeFeed } from './change-feed.ts';
import type { ICoverageRepository } from './coverage-repository.ts';
import type { IIntegrityCheck } from './integrity-check.ts';
import type { IMetadataRepository } from './metadata-repository.ts';
import type { IStorageBackup } from './storage-backup.ts';
import type { StorageCapabilities } from './storage-capabilities.ts';
import type { IStorageMaintenance } from './storage-maintenance.ts';

/** Statistics of a storage since its handle was created. */
export interface StorageStatistics {
  /**
   * Calls, failures and latencies since the handle was created, by operation, such as
   * `candles.read`.
   */
  readonly operations: Readonly<Record<string, OperationSummary>>;
  readonly candlesRead: number;
  readonly candlesInserted: number;
  readonly candlesUpdated: number;
  readonly candlesUnchanged: number;
  readonly size: StorageSize;
  /** Failures of background work, such as compaction; see `BackgroundWork`. */
  readonly background: BackgroundStatistics;
}

export interface BackgroundStatistics {
  readonly failures: number;
  /** The latest failure. Kept after a later success. */
  readonly lastFailure: BackgroundFailure | undefined;
}

/** How much is stored. */
export interface StorageSize {
  readonly series: number;
  readonly candles: number;
  /** Size of the data on disk or in memory, in bytes. */
  readonly bytes: number;
  /** Size of the write-ahead log in bytes, if there is one. Not included in `bytes`. */
  readonly walBytes?: number | undefined;
  /** Free disk space available to this user, in bytes, if known. */
  readonly freeBytes?: number | undefined;
}

/**
 * Persistent storage of candles, with their coverage, and of metadata. Open it before use and close
 * it afterwards.
 *
 * Calls may overlap. Each write is atomic, and a read sees every write that resolved before it
 * began.
 *
 * @example
 * const storage = new SqliteStorage({ path: './market.db' });
 * await storage.open();
 * await storage.candles.write({ key: { symbol: 'KRW-BTC', timeframe: '1m' }, candles });
 * const latest = await storage.candles.read({ symbol: 'KRW-BTC', timeframe: '1m', limit: 200 });
 */
export interface IMarketDataStorage extends AsyncDisposable {
  readonly name: string;
  readonly capabilities: StorageCapabilities;
  readonly state: HandleState;
  readonly candles: ICandleRepository;
  readonly coverage: ICoverageRepository;
  readonly metadata: IMetadataRepository;
  readonly changes: IChangeFeed;
  /** Present if and only if `capabilities.integrity` is true. */
  readonly integrity?: IIntegrityCheck | undefined;
  /** Present if and only if `capabilities.maintenance` is true. */
  readonly maintenance?: IStorageMaintenance | undefined;
  /** Present if and only if `capabilities.backup` is true. */
  readonly backup?: IStorageBackup | undefined;

  open(options?: CallOptions): Promise<void>;
  close(): Promise<void>;
  /** Makes everything written so far as durable as the adapter can. */
  flush(options?: CallOptions): Promise<void>;
  /** Returns statistics. */
  stats(options?: CallOptions): Promise<StorageStatistics>;
}
