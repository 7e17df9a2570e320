import { deserialize, serialize } from 'node:v8';
import { type CacheValue, isCacheContainer } from '@barkeep/cache';
import { allocateColumns, BarkeepError, CandleSeries, type Timeframe } from '@barkeep/core';
import {
  DEFAULT_SEGMENT_LENGTH,
  decodeSegment,
  encodeSegment,
  readSegmentHeader,
} from '@barkeep/segment-codec';

/** A series as it is stored: compressed segments in their order. */
interface StoredSeries {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly segments: readonly Uint8Array[];
}

/** Where in a value a series was: the names and indexes that lead to it. */
type Path = readonly string[];

/** A value with `null` in the place of each series. */
interface StoredValue {
  readonly value: unknown;
  readonly series: readonly (readonly [path: Path, series: StoredSeries])[];
}

/** Series as compressed segments, everything else as V8 serializes it: data only, no classes, no code. */
export function encodeValue(value: CacheValue): Uint8Array {
  const series: [Path, StoredSeries][] = [];
  const stored: StoredValue = { value: withoutSeries(value, [], series), series };
  return serialize(stored);
}

/** @throws BarkeepError `CORRUPT` */
export function decodeValue(bytes: Uint8Array): CacheValue {
  try {
    // Only bytes that passed their checksum come here: what `encodeValue` made.
    const { value, series } = deserialize(bytes) as StoredValue;
    return series.reduce(
      (whole, [path, one]) => putBack(whole, path, decodeSeries(one)),
      value,
    ) as CacheValue;
  } catch (cause) {
    throw new BarkeepError('CORRUPT', 'a cached value cannot be read', { cause });
  }
}

/** Copies what contains a series; all else stays as it is. */
function withoutSeries(value: CacheValue, path: Path, found: [Path, StoredSeries][]): unknown {
  if (value instanceof CandleSeries) {
    found.push([path, encodeSeries(value)]);
    return null;
  }
  if (!isCacheContainer(value)) return value;
  const before = found.length;
  const copy = Object.entries(value).map(([name, part]) => [
    name,
    withoutSeries(part, [...path, name], found),
  ]);
  if (found.length === before) return value;
  return Array.isArray(value) ? copy.map(([, part]) => part) : Object.fromEntries(copy);
}

function putBack(whole: unknown, path: Path, series: CandleSeries): unknown {
  const name = path.at(-1);
  if (name === undefined) return series;
  let parent = whole as Record<string, unknown>;
  for (const step of path.slice(0, -1)) parent = parent[step] as Record<string, unknown>;
  // Defined, not assigned: a value may have a property named __proto__.
  Object.defineProperty(parent, name, {
    value: series,
    enumerable: true,
    configurable: true,
    writable: true,
  });
  return whole;
}

function encodeSeries(series: CandleSeries): StoredSeries {
  const segments: Uint8Array[] = [];
  for (let start = 0; start < series.length; start += DEFAULT_SEGMENT_LENGTH) {
    segments.push(encodeSegment(series.slice(start, start + DEFAULT_SEGMENT_LENGTH)));
  }
  return { ...series.key, segments };
}

function decodeSeries({ symbol, timeframe, segments }: StoredSeries): CandleSeries {
  const counts = segments.map((segment) => readSegmentHeader(segment).count);
  const columns = allocateColumns(counts.reduce((sum, count) => sum + count, 0));
  let targetOffset = 0;
  for (const segment of segments) {
    targetOffset += decodeSegment(segment, columns, { targetOffset });
  }
  return CandleSeries.fromTrustedColumns({ symbol, timeframe }, columns);
}
