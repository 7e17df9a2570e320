import { CandleSeries } from '@barkeep/core';

/** What two values have in common when they are the same, bit for bit and in the same order. */
export function plain(value: unknown): unknown {
  if (value instanceof CandleSeries) return { key: value.key, candles: value.toArray() };
  if (value instanceof Float64Array) {
    return { doubles: [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)] };
  }
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return { properties: Object.entries(value).map(([name, part]) => [name, plain(part)]) };
}
