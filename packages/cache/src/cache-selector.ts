import { invalidInput } from '@barkeep/core';
import { uniqueTags, validateCachePrefix } from './cache-key.ts';
import type { CacheSelector } from './data-cache.ts';

/**
 * A selector of its own with exactly one criterion.
 * @throws BarkeepError `INVALID_INPUT` unless it is `{ prefix }` or `{ tags }`, and nothing else.
 */
export function checkedSelector(selector: CacheSelector): CacheSelector {
  const criteria =
    selector !== null && typeof selector === 'object' ? Object.keys(selector) : ['none'];
  if (criteria.length === 1 && 'prefix' in selector) {
    validateCachePrefix(selector.prefix);
    return { prefix: selector.prefix };
  }
  if (criteria.length === 1 && 'tags' in selector && selector.tags !== undefined) {
    return { tags: uniqueTags(selector.tags) };
  }
  throw invalidInput({
    field: 'selector',
    rule: 'must be { prefix } or { tags }',
    value: selector,
  });
}
