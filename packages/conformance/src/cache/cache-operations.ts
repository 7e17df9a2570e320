import type { IDataCache } from '@barkeep/cache';
import type { HandleOperation } from '../handle-scenarios.ts';

type CacheOperationName = Exclude<
  keyof IDataCache,
  'name' | 'capabilities' | 'state' | 'open' | 'close' | typeof Symbol.asyncDispose
>;

/**
 * A valid call of every asynchronous method. The type asks for each of them, so a method that the
 * contract gains is a compile error here until it is called in every state of a cache's life.
 */
export const CACHE_OPERATIONS: Readonly<Record<CacheOperationName, HandleOperation<IDataCache>>> = {
  get: (cache, options) => cache.get('key', options),
  getMany: (cache, options) => cache.getMany(['key', 'other'], options),
  set: (cache, options) => cache.set('key', 'value', { ...options, tags: ['tag'] }),
  setMany: (cache, options) => cache.setMany([{ key: 'key', value: 'value' }], options),
  delete: (cache, options) => cache.delete('key', options),
  invalidate: (cache, options) => cache.invalidate({ prefix: 'k' }, options),
  clear: (cache, options) => cache.clear(options),
  keys: (cache, options) => cache.keys('', options),
  sweep: (cache, options) => cache.sweep(options),
  stats: (cache, options) => cache.stats(options),
};
