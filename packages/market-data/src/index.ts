export type * from '@barkeep/source';
export type * from './answers/candle-answer.ts';
export * from './create-market-data.ts';
export type { RetryPolicy } from './fetching/retry.ts';
export type { BreakerPolicy } from './fetching/source-gate.ts';
export type {
  CandleCacheConfig,
  FetchingConfig,
  MarketDataConfig,
} from './market-data-config.ts';
export type * from './market-data-event.ts';
export type * from './market-data-service.ts';
export type * from './market-data-statistics.ts';
export type { RecordedError } from './series/series-notebook.ts';
export type * from './series-report.ts';
