import type { CacheValue } from '@barkeep/cache';
import { CandleSeries } from '@barkeep/core';

/** How many times its own bytes a slice may keep alive before a copy is worth its while. */
const TOLERATED_FACTOR = 2;

/**
 * The value, or an equal copy when it is a slice of something much larger: caching the slice would
 * keep all of the larger one in memory. Slices inside arrays and objects stay as they are.
 */
export function withoutPinnedMemory(value: CacheValue): CacheValue {
  if (value instanceof Float64Array) return pinsMuch([value]) ? new Float64Array(value) : value;
  if (value instanceof Uint8Array) return pinsMuch([value]) ? new Uint8Array(value) : value;
  if (value instanceof CandleSeries) {
    const columns = value.columns.flatMap((name) => value[name] ?? []);
    return pinsMuch(columns) ? value.copy() : value;
  }
  return value;
}

function pinsMuch(views: readonly (Float64Array | Uint8Array)[]): boolean {
  const buffers = new Set(views.map((view) => view.buffer));
  let kept = 0;
  for (const buffer of buffers) kept += buffer.byteLength;
  const shown = views.reduce((sum, view) => sum + view.byteLength, 0);
  return kept > TOLERATED_FACTOR * shown;
}
