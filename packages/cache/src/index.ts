export type * from './cache-capabilities.ts';
export type * from './data-cache.ts';
