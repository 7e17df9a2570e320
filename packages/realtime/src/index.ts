export type * from './realtime-cache.ts';
export type * from './realtime-capabilities.ts';
export * from './realtime-expiry.ts';
