import { invalidInput } from '@barkeep/core';

/** Maximum length of a key, prefix or tag in UTF-16 units. */
export const MAX_CACHE_KEY_LENGTH = 1_024;
/** Maximum number of tags per entry or selector. */
export const MAX_CACHE_TAGS = 256;

const NO_TAGS: readonly string[] = Object.freeze([]);

/**
 * Throws unless the key is a well-formed string of 1 to 1,024 UTF-16 units.
 * @throws BarkeepError `INVALID_INPUT`.
 */
export function validateCacheKey(key: unknown, index?: number): asserts key is string {
  if (typeof key === 'string' && key !== '' && fits(key)) return;
  throw textFault('key', 'of 1 to', key, index);
}

/**
 * Throws unless the prefix is a well-formed string of at most 1,024 UTF-16 units.
 * @throws BarkeepError `INVALID_INPUT`.
 */
export function validateCachePrefix(prefix: unknown): asserts prefix is string {
  if (typeof prefix === 'string' && fits(prefix)) return;
  throw textFault('prefix', 'of at most', prefix);
}

/**
 * Validates tags and returns a copy without duplicates.
 * @throws BarkeepError `INVALID_INPUT` with the index of the first invalid tag. Tags follow the
 * rules of keys.
 */
export function uniqueTags(tags: readonly string[] | undefined): readonly string[] {
  if (tags === undefined) return NO_TAGS;
  if (!Array.isArray(tags) || tags.length > MAX_CACHE_TAGS) {
    const rule = `must be an array of at most ${MAX_CACHE_TAGS} strings`;
    throw invalidInput({ field: 'tags', rule, value: tags });
  }
  const unique = new Set<string>();
  for (const [index, tag] of tags.entries()) {
    if (typeof tag !== 'string' || tag === '' || !fits(tag)) {
      throw textFault('tags', 'of 1 to', tag, index);
    }
    unique.add(tag);
  }
  return Object.freeze([...unique]);
}

function fits(text: string): boolean {
  return text.length <= MAX_CACHE_KEY_LENGTH && text.isWellFormed();
}

function textFault(field: string, range: string, value: unknown, index?: number): Error {
  const rule = `must be a well-formed string ${range} ${MAX_CACHE_KEY_LENGTH} characters`;
  return invalidInput({ field, rule, value, ...(index === undefined ? {} : { index }) });
}
