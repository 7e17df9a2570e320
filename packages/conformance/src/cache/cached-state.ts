import type { CacheValue, IDataCache } from '@barkeep/cache';
import { CandleSeries } from '@barkeep/core';
import { assertEqual } from '../assertions.ts';

/** Asserts what a key answers, bit for bit and of the same kind. */
export async function assertCached(
  cache: IDataCache,
  key: string,
  expected: CacheValue | undefined,
  what: string,
): Promise<void> {
  assertSameValue(await cache.get(key), expected, what);
}

/** Asserts that every way to look at the cache shows nothing. */
export async function assertEmpty(cache: IDataCache, what: string): Promise<void> {
  assertEqual(await cache.keys(), [], `${what}: no key is there`);
}

/** Asserts the keys that start with a prefix, in whatever order they come. */
export async function assertKeys(
  cache: IDataCache,
  prefix: string,
  expected: readonly string[],
  what: string,
): Promise<void> {
  assertEqual((await cache.keys(prefix)).sort(), [...expected].sort(), what);
}

export function assertSameValue(actual: unknown, expected: unknown, what: string): void {
  assertEqual(kindOf(actual), kindOf(expected), `${what}: the kind of value`);
  assertEqual(comparable(actual), comparable(expected), what);
}

/** NaN has many bit patterns, which only its bytes tell apart. */
function comparable(value: unknown): unknown {
  if (!(value instanceof Float64Array)) return value;
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value instanceof CandleSeries) return 'CandleSeries';
  if (value instanceof Float64Array) return 'Float64Array';
  if (value instanceof Uint8Array) return 'Uint8Array';
  return Array.isArray(value) ? 'array' : typeof value;
}
