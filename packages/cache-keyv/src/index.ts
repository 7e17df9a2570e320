export * from './data-cache-store.ts';
export * from './keyv-cache.ts';
export * from './keyv-cache-from-url.ts';
export type { KeyvCacheOptions } from './keyv-cache-options.ts';
export type * from './keyv-like.ts';
