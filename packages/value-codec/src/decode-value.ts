import { type CacheValue, validateCacheValue } from '@barkeep/cache';
import { BarkeepError, type CandleSeries, validateSeriesKey } from '@barkeep/core';
import { type DecodeOptions, decode, type TagDecodeControl } from 'cborg';
import { bigintFromBytes } from './bigint-bytes.ts';
import { seriesOf } from './series-parts.ts';
import { utf16FromBytes } from './utf16-bytes.ts';
import {
  CANDLE_SERIES,
  FLOAT64_ARRAY,
  FORMAT_VERSION,
  NEGATIVE_BIGNUM,
  PART_AGAIN,
  POSITIVE_BIGNUM,
  SHARED_PART,
  UTF16_STRING,
} from './value-tags.ts';

/**
 * The value that bytes of `encodeValue` stand for. Whatever the bytes are, they make data only, no
 * class of theirs and no code, and take memory in proportion to what they truly hold.
 * @throws BarkeepError `CORRUPT`
 */
export function decodeValue(bytes: Uint8Array): CacheValue {
  try {
    if (bytes[0] !== FORMAT_VERSION) throw new TypeError(`the format is not ${FORMAT_VERSION}`);
    const value: unknown = decode(bytes.subarray(1), options());
    validateCacheValue(value);
    return value;
  } catch (cause) {
    throw new BarkeepError('CORRUPT', 'a cached value cannot be read', { cause });
  }
}

function options(): DecodeOptions {
  const parts: unknown[] = [];
  return {
    allowIndefinite: false,
    allowUndefined: false,
    rejectDuplicateMapKeys: true,
    tags: {
      [POSITIVE_BIGNUM]: (content) => bigintFromBytes(bytesOf(content)),
      [NEGATIVE_BIGNUM]: (content) => -1n - bigintFromBytes(bytesOf(content)),
      [UTF16_STRING]: (content) => utf16FromBytes(bytesOf(content, 2)),
      [FLOAT64_ARRAY]: (content) => doublesOf(bytesOf(content, 8)),
      [CANDLE_SERIES]: (content) => decodeSeries(content()),
      [SHARED_PART]: (content) => {
        const part = content();
        parts.push(part);
        return part;
      },
      [PART_AGAIN]: (content) => partOf(parts, content()),
    },
  };
}

function bytesOf(content: TagDecodeControl, unit = 1): Uint8Array {
  const bytes = content();
  if (bytes instanceof Uint8Array && bytes.length % unit === 0) return bytes;
  throw new TypeError(`a tag is on something else than bytes, ${unit} a unit`);
}

/** The bytes have memory of their own, and begin where it begins. */
function doublesOf({ buffer, byteOffset, length }: Uint8Array): Float64Array {
  return new Float64Array(buffer, byteOffset, length / Float64Array.BYTES_PER_ELEMENT);
}

function partOf(parts: readonly unknown[], number: unknown): unknown {
  const part = typeof number === 'number' ? parts[number] : undefined;
  if (part === undefined) throw new TypeError('there is no such part');
  return part;
}

function decodeSeries(content: unknown): CandleSeries {
  if (!Array.isArray(content)) throw new TypeError('a series is no list');
  const [symbol, timeframe, ...segments] = content;
  const key = Object.freeze({ symbol, timeframe });
  validateSeriesKey(key);
  if (!segments.every((segment) => segment instanceof Uint8Array)) {
    throw new TypeError('a segment is something else than bytes');
  }
  return seriesOf(key, segments);
}
