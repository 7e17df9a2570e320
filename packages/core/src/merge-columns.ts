import { type CandleColumn, mapColumns, type SomeColumns } from './candle-columns.ts';

/**
 * Merges two sorted sets of candles and returns the first or the last `limit` of them, in newly
 * allocated memory. Where both have a candle for a timestamp, the one of `over` is kept.
 */
export function mergeColumns<C extends CandleColumn>(
  base: SomeColumns<C | 'timestamp'>,
  over: SomeColumns<C | 'timestamp'>,
  columns: readonly C[],
  { limit, take }: { readonly limit: number; readonly take: 'first' | 'last' },
): SomeColumns<C> {
  const all = originsOf(base.timestamp, over.timestamp);
  const excess = Math.max(0, all.length - limit);
  const origins =
    take === 'first' ? all.subarray(0, all.length - excess) : all.subarray(excess, all.length);
  return mapColumns(columns, (column) => gather(origins, base[column], over[column]));
}

/** Where each candle of the union comes from: index i of `base` as i, index j of `over` as ~j. */
function originsOf(base: Float64Array, over: Float64Array): Int32Array {
  const origins = new Int32Array(base.length + over.length);
  let i = 0;
  let j = 0;
  let length = 0;
  while (i < base.length || j < over.length) {
    const left = base[i] ?? Number.POSITIVE_INFINITY;
    const right = over[j] ?? Number.POSITIVE_INFINITY;
    origins[length] = left < right ? i : ~j;
    if (left <= right) i += 1;
    if (right <= left) j += 1;
    length += 1;
  }
  return origins.subarray(0, length);
}

function gather(origins: Int32Array, base: Float64Array, over: Float64Array): Float64Array {
  const column = new Float64Array(origins.length);
  for (let k = 0; k < origins.length; k += 1) {
    const origin = origins[k] ?? 0;
    column[k] = (origin < 0 ? over[~origin] : base[origin]) ?? Number.NaN;
  }
  return column;
}
