export type { RedisNode } from './cluster-url.ts';
export * from './redis-adapter.ts';
export * from './redis-realtime.ts';
export type {
  RedisConnectionOptions,
  RedisRealtimeOptions,
} from './redis-realtime-options.ts';
