export * from './disk-cache.ts';
export type { DiskCacheOptions } from './disk-cache-options.ts';
