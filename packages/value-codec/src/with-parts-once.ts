import { type CacheValue, isCacheContainer } from '@barkeep/cache';
import { Tagged } from 'cborg';
import { PART_AGAIN, SHARED_PART } from './value-tags.ts';

/**
 * The value with each part that stands in several places written once and referred to elsewhere:
 * nested sharing would otherwise double the bytes with every level.
 */
export function withPartsOnce(value: CacheValue): unknown {
  const shared = sharedParts(value);
  return shared.size === 0 ? value : marked(value, shared, new Map());
}

function sharedParts(value: CacheValue): Set<object> {
  const seen = new Set<object>();
  const shared = new Set<object>();
  const visit = (part: CacheValue): void => {
    if (typeof part !== 'object' || part === null) return;
    if (seen.has(part)) {
      shared.add(part);
      return;
    }
    seen.add(part);
    if (isCacheContainer(part)) for (const inner of Object.values(part)) visit(inner);
  };
  visit(value);
  return shared;
}

function marked(
  part: CacheValue,
  shared: ReadonlySet<object>,
  numbers: Map<object, number>,
): unknown {
  if (typeof part !== 'object' || part === null) return part;
  const number = numbers.get(part);
  if (number !== undefined) return new Tagged(PART_AGAIN, number);
  const whole = isCacheContainer(part) ? markedContainer(part, shared, numbers) : part;
  if (!shared.has(part)) return whole;
  numbers.set(part, numbers.size);
  return new Tagged(SHARED_PART, whole);
}

function markedContainer(
  part: object,
  shared: ReadonlySet<object>,
  numbers: Map<object, number>,
): unknown {
  if (Array.isArray(part)) return part.map((inner) => marked(inner, shared, numbers));
  // Not assigned: a value may have a property named __proto__.
  return Object.fromEntries(
    Object.entries(part).map(([name, inner]) => [name, marked(inner, shared, numbers)]),
  );
}
