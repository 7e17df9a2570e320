export * from './abstract-data-cache.ts';
export type * from './cache-adapter.ts';
export type * from './cache-capabilities.ts';
export type * from './cache-entry.ts';
export * from './cache-key.ts';
export * from './cache-value.ts';
export type * from './data-cache.ts';
export * from './estimate-bytes.ts';
