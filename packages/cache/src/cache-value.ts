import { CandleSeries, invalidInput } from '@barkeep/core';

/**
 * A value that can be cached. Treat values as immutable: an in-memory cache returns the same object
 * it was given, or an equal one. `undefined` cannot be cached, as it means a miss.
 */
export type CacheValue =
  | null
  | boolean
  | number
  | string
  | bigint
  | Uint8Array
  | Float64Array
  | CandleSeries
  | readonly CacheValue[]
  | { readonly [key: string]: CacheValue };

/** Deeper than real data, but safe for adapters that serialize recursively. */
const MAX_DEPTH = 100;

/**
 * Throws unless a value can be cached.
 * @throws BarkeepError `INVALID_INPUT` naming the part that cannot be cached, such as
 * `value.levels.3`: `undefined`, a function, a symbol, a class instance, a circular reference, or
 * nesting beyond 100 levels.
 */
export function validateCacheValue(value: unknown, index?: number): asserts value is CacheValue {
  if (isLeaf(value)) return;
  validateContainer(value, 'value', index, new Map(), 1);
}

/** Whether a value is an array or a plain object of further values. */
export function isCacheContainer(
  value: unknown,
): value is readonly CacheValue[] | { readonly [key: string]: CacheValue } {
  return Array.isArray(value) || isPlainObject(value);
}

/** Returns the number of levels, from the memo if the container was seen before. */
function validateContainer(
  value: unknown,
  path: string,
  index: number | undefined,
  levels: Map<object, number | 'unknown yet'>,
  depth: number,
): number {
  if (!isCacheContainer(value)) throw fault(path, 'must be data that can be cached', value, index);
  const known = levels.get(value) ?? 1;
  if (known === 'unknown yet') throw fault(path, 'must not contain itself', value, index);
  if (depth + known - 1 > MAX_DEPTH) {
    throw fault(path, `must nest at most ${MAX_DEPTH} levels`, undefined, index);
  }
  if (levels.has(value)) return known;
  levels.set(value, 'unknown yet');
  let deepest = 0;
  for (const [name, part] of partsOf(value)) {
    if (isLeaf(part)) continue;
    const below = validateContainer(part, `${path}.${name}`, index, levels, depth + 1);
    deepest = Math.max(deepest, below);
  }
  levels.set(value, deepest + 1);
  return deepest + 1;
}

/** `entries` of an array also visits holes, as `undefined`. */
function partsOf(value: object): Iterable<[string | number, unknown]> {
  return Array.isArray(value) ? value.entries() : Object.entries(value);
}

function isLeaf(value: unknown): boolean {
  switch (typeof value) {
    case 'number':
    case 'string':
    case 'boolean':
    case 'bigint':
      return true;
    case 'object':
      return (
        value === null ||
        value instanceof CandleSeries ||
        value instanceof Float64Array ||
        value instanceof Uint8Array
      );
    default:
      return false;
  }
}

function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function fault(path: string, rule: string, value: unknown, index: number | undefined): Error {
  return invalidInput({
    field: path,
    rule,
    value: typeof value === 'symbol' || typeof value === 'function' ? typeof value : value,
    ...(index === undefined ? {} : { index }),
  });
}
