import type { CacheValue } from '@barkeep/cache';
import { CandleSeries } from '@barkeep/core';
import { type EncodeOptions, encode, objectToTokens, Token, Type } from 'cborg';
import { bigintToBytes } from './bigint-bytes.ts';
import { segmentsOf } from './series-parts.ts';
import { utf16ToBytes } from './utf16-bytes.ts';
import {
  CANDLE_SERIES,
  FLOAT64_ARRAY,
  FORMAT_VERSION,
  NEGATIVE_BIGNUM,
  POSITIVE_BIGNUM,
  UTF16_STRING,
} from './value-tags.ts';
import { withPartsOnce } from './with-parts-once.ts';

const BYTE_ORDER_MARK = '\ufeff';

/** By the kind of value; `null` leaves it to CBOR itself. */
const OPTIONS: EncodeOptions = {
  // The order of properties is kept.
  mapSorter: () => 0,
  typeEncoders: {
    number: (value: number) => (Object.is(value, -0) ? new Token(Type.float, value) : null),
    bigint: (value: bigint) =>
      value < 0n
        ? tagged(NEGATIVE_BIGNUM, bigintToBytes(-1n - value))
        : tagged(POSITIVE_BIGNUM, bigintToBytes(value)),
    string: (value: string) =>
      value.isWellFormed() && !value.startsWith(BYTE_ORDER_MARK)
        ? null
        : tagged(UTF16_STRING, utf16ToBytes(value)),
    Float64Array: (value: Float64Array) =>
      tagged(FLOAT64_ARRAY, new Uint8Array(value.buffer, value.byteOffset, value.byteLength)),
    Object: (value: object, _type, options) =>
      value instanceof CandleSeries
        ? [
            new Token(Type.tag, CANDLE_SERIES),
            objectToTokens([value.symbol, value.timeframe, ...segmentsOf(value)], options),
          ]
        : null,
  },
};

/**
 * A value that can be cached as bytes: candle series compressed by segment-codec, everything else as
 * CBOR. The value must be one that `validateCacheValue` accepts.
 */
export function encodeValue(value: CacheValue): Uint8Array {
  const item = encode(withPartsOnce(value), OPTIONS);
  const bytes = new Uint8Array(1 + item.length);
  bytes[0] = FORMAT_VERSION;
  bytes.set(item, 1);
  return bytes;
}

function tagged(tag: number, bytes: Uint8Array): Token[] {
  return [new Token(Type.tag, tag), new Token(Type.bytes, bytes)];
}
