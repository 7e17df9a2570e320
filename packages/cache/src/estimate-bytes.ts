import { CandleSeries } from '@barkeep/core';
import type { CacheValue } from './cache-value.ts';

/** Overhead of a value of each kind in V8 on a 64-bit machine. */
const OBJECT_BYTES = 32;
const SLOT_BYTES = 8;
const NUMBER_BYTES = 16;
const TEXT_BYTES = 24;
const VIEW_BYTES = 192;
const NO_VALUES = new Float64Array(0);

/**
 * Estimates how many bytes of memory a value keeps alive.
 *
 * - strings: a header and 2 bytes per UTF-16 unit (an upper bound, as V8 uses 1 for Latin-1 text)
 * - numbers: 16 bytes; bigints: 8 bytes per 64 bits; booleans and null: only their slot
 * - arrays and objects: a header, 8 bytes per slot, keys, and their parts; a shared part counts
 *   once
 * - typed arrays and candle series: their **whole** buffers, each counted once, even if the value
 *   is only a slice, as a slice keeps its buffer alive
 */
export function estimateBytes(value: CacheValue): number {
  return bytesOf(value, new Set());
}

function bytesOf(value: CacheValue, counted: Set<object>): number {
  switch (typeof value) {
    case 'number':
      return NUMBER_BYTES;
    case 'string':
      return TEXT_BYTES + 2 * value.length;
    case 'bigint':
      return NUMBER_BYTES + bigintBytes(value);
    case 'object':
      return value === null ? 0 : objectBytes(value, counted);
    default:
      return 0;
  }
}

function objectBytes(value: Exclude<CacheValue, null> & object, counted: Set<object>): number {
  if (counted.has(value)) return 0;
  counted.add(value);
  if (value instanceof CandleSeries) return seriesBytes(value, counted);
  if (value instanceof Float64Array || value instanceof Uint8Array) {
    return viewBytes(value, counted);
  }
  let bytes = OBJECT_BYTES;
  if (isArray(value)) {
    for (const part of value) bytes += SLOT_BYTES + bytesOf(part, counted);
    return bytes;
  }
  for (const [key, part] of Object.entries(value)) {
    bytes += SLOT_BYTES + TEXT_BYTES + 2 * key.length + bytesOf(part, counted);
  }
  return bytes;
}

function seriesBytes(series: CandleSeries, counted: Set<object>): number {
  let bytes = OBJECT_BYTES + 2 * TEXT_BYTES + 2 * (series.symbol.length + series.timeframe.length);
  for (const column of series.columns) {
    bytes += SLOT_BYTES + viewBytes(series[column] ?? NO_VALUES, counted);
  }
  return bytes;
}

function viewBytes(view: Float64Array | Uint8Array, counted: Set<object>): number {
  if (counted.has(view.buffer)) return VIEW_BYTES;
  counted.add(view.buffer);
  return VIEW_BYTES + view.buffer.byteLength;
}

function bigintBytes(value: bigint): number {
  return 8 * Math.ceil(value.toString(16).length / 16);
}

function isArray(value: object): value is readonly CacheValue[] {
  return Array.isArray(value);
}
