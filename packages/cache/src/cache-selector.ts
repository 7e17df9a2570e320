import { invalidInput } from '@barkeep/core';
import { uniqueTags, validateCachePrefix } from './cache-key.ts';
import type { CacheSelector } from './data-cache.ts';

/**
 * Validates a selector and returns a copy.
 * @throws BarkeepError `INVALID_INPUT` unless it is exactly `{ prefix }` or `{ tags }`.
 */
export function checkedSelector(selector: CacheSelector): CacheSelector {
  const [criterion, ...others] = isObject(selector) ? Object.keys(selector) : [];
  if (isObject(selector) && others.length === 0) {
    if (criterion === 'prefix' && 'prefix' in selector) {
      validateCachePrefix(selector.prefix);
      return { prefix: selector.prefix };
    }
    if (criterion === 'tags' && 'tags' in selector && selector.tags !== undefined) {
      return { tags: uniqueTags(selector.tags) };
    }
  }
  const rule = 'must be either { prefix } or { tags }';
  throw invalidInput({ field: 'selector', rule, value: selector });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
