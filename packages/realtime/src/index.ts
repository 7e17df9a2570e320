export * from './abstract-realtime-cache.ts';
export type * from './realtime-adapter.ts';
export type * from './realtime-cache.ts';
export type * from './realtime-capabilities.ts';
export * from './realtime-expiry.ts';
export * from './realtime-value-copies.ts';
export { malformedCursor } from './trade-cursor.ts';
