/** The types of the package, the same on every platform. */

export type { CacheAdapter, CacheStatistics, IDataCache } from '@barkeep/cache';
export type {
  AdapterDefinition,
  AdapterScheme,
  BarkeepErrorCode,
  CallOptions,
  Candle,
  CandleColumn,
  CandleColumns,
  CandleInput,
  CandleRow,
  Clock,
  EpochMs,
  HandleState,
  Interval,
  IntervalSet,
  OperationSummary,
  OrderBook,
  OrderBookLevel,
  SeriesKey,
  Ticker,
  Timeframe,
  Trade,
  TradeInput,
  TradingHours,
  TradingSession,
  Unsubscribe,
} from '@barkeep/core';
export type {
  IRealtimeCache,
  OrderBookReadOptions,
  RealtimeAdapter,
  RealtimeEvent,
  RealtimeStatistics,
  RealtimeWriteResult,
  TradeAppendResult,
  TradeReadOptions,
} from '@barkeep/realtime';
export type * from '@barkeep/source';
export type {
  BackgroundWork,
  BackupRetention,
  CandleQuery,
  CandleScan,
  ContinuityReport,
  CoverageEntry,
  FragmentationReport,
  IMarketDataStorage,
  SeriesFilter,
  SeriesInfo,
  StorageAdapter,
  StorageStatistics,
  WriteResult,
} from '@barkeep/storage';
export type { OpenAdapterOptions, OpenRealtimeOptions } from './adapters/open-adapter.ts';
export type { Adapter } from './adapters/with-given-adapters.ts';
export type {
  AlertsConfig,
  BackupConfig,
  BreakerPolicy,
  CandleCacheConfig,
  FetchingConfig,
  MaintenanceConfig,
  MarketDataConfig,
  PreloadConfig,
  RecordingConfig,
  RetentionRule,
  RetryPolicy,
} from './config/market-data-config.ts';
export type * from './contract/alert.ts';
export type * from './contract/candle-answer.ts';
export type * from './contract/health-report.ts';
export type * from './contract/logger.ts';
export type * from './contract/maintenance.ts';
export type * from './contract/market-data-event.ts';
export type * from './contract/market-data-service.ts';
export type * from './contract/market-data-statistics.ts';
export type * from './contract/retention.ts';
export type * from './contract/series-report.ts';
