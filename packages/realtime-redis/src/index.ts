export * from './redis-realtime.ts';
export type {
  RedisConnectionOptions,
  RedisNode,
  RedisRealtimeOptions,
} from './redis-realtime-options.ts';
