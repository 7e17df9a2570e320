import { BarkeepError } from '@barkeep/core';
import { decodeValue, encodeValue } from '@barkeep/value-codec';
import { encode, Tagged } from 'cborg';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { arbitraryValue, sampleSeries } from './arbitrary-value.ts';

const SERIES = 0x626b_0002;
const SHARED = 0x626b_0003;
const AGAIN = 0x626b_0004;

/** Decodes or is `CORRUPT`: nothing else may come of any bytes. */
function outcome(bytes: Uint8Array): 'value' | 'corrupt' {
  try {
    decodeValue(bytes);
    return 'value';
  } catch (error) {
    if (BarkeepError.is(error, 'CORRUPT')) return 'corrupt';
    throw error;
  }
}

function withVersion(item: Iterable<number>): Uint8Array {
  return Uint8Array.of(1, ...item);
}

it('takes any bytes for a value or for damage', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      outcome(bytes);
      outcome(withVersion(bytes));
    }),
    { numRuns: 3_000 },
  );
});

it('takes every truncation for damage', () => {
  fc.assert(
    fc.property(arbitraryValue, fc.nat(), (value, seed) => {
      const bytes = encodeValue(value);
      expect(outcome(bytes.subarray(0, seed % bytes.length))).toBe('corrupt');
    }),
    { numRuns: 500 },
  );
});

it('takes every flipped bit for a value or for damage', () => {
  fc.assert(
    fc.property(arbitraryValue, fc.nat(), (value, seed) => {
      const bytes = encodeValue(value);
      const bit = seed % (8 * bytes.length);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      outcome(bytes);
    }),
    { numRuns: 2_000 },
  );
});

const [segment = new Uint8Array()] = encodedSegments();

const HOSTILE: Readonly<Record<string, Uint8Array>> = {
  nothing: new Uint8Array(),
  'no item': Uint8Array.of(1),
  'another version': Uint8Array.of(2, 0),
  'two items': withVersion([0, 0]),
  undefined: withVersion([0xf7]),
  'undefined inside': withVersion([0x81, 0xf7]),
  'an array of 2^32 - 1': withVersion([0x9a, 0xff, 0xff, 0xff, 0xff, 0]),
  'an array of 2^53': withVersion([0x9b, 0, 0x20, 0, 0, 0, 0, 0, 0, 0]),
  'a map of 2^32 - 1': withVersion([0xba, 0xff, 0xff, 0xff, 0xff]),
  'bytes of 2^32 - 1': withVersion([0x5a, 0xff, 0xff, 0xff, 0xff, 0]),
  'a text of 2^32 - 1': withVersion([0x7a, 0xff, 0xff, 0xff, 0xff, 0]),
  'no end': withVersion([0x9f, 0]),
  'indefinite bytes': withVersion([0x5f, 0x41, 0, 0xff]),
  'a key twice': withVersion([0xa2, 0x61, 0x61, 0, 0x61, 0x61, 0]),
  'a key that is no text': withVersion([0xa1, 0, 0]),
  'a nest of a million arrays': new Uint8Array(1_000_000).fill(0x81).fill(1, 0, 1),
  '101 levels': withVersion([...new Array<number>(101).fill(0x81), 0]),
  'a date': withVersion(encode(new Tagged(1, 0))),
  'a regular expression': withVersion(encode(new Tagged(35, 'a+'))),
  'a set': withVersion(encode(new Tagged(258, [1]))),
  'a map with any keys': withVersion(encode(new Tagged(259, new Map([['a', 1]])))),
  'a bignum of text': withVersion(encode(new Tagged(2, 'ff'))),
  'doubles cut off': withVersion(encode(new Tagged(86, new Uint8Array(7)))),
  'half a UTF-16 unit': withVersion(encode(new Tagged(0x626b_0001, new Uint8Array(3)))),
  'a part that is not there': withVersion(encode(new Tagged(AGAIN, 0))),
  'a part that is no number': withVersion(encode(new Tagged(AGAIN, 'length'))),
  'a part inside itself': withVersion(encode(new Tagged(SHARED, [new Tagged(AGAIN, 0)]))),
  '101 levels of parts': withVersion(encode(nestedParts(101))),
  'a series of nothing': withVersion(encode(new Tagged(SERIES, null))),
  'a series without a symbol': withVersion(encode(new Tagged(SERIES, ['', '1m']))),
  'a series of no timeframe': withVersion(encode(new Tagged(SERIES, ['A', '1x']))),
  'a series of another timeframe': withVersion(encode(new Tagged(SERIES, ['A', '5m', segment]))),
  'a series out of order': withVersion(encode(new Tagged(SERIES, ['A', '1m', segment, segment]))),
  'a series of text': withVersion(encode(new Tagged(SERIES, ['A', '1m', 'candles']))),
  'a series of damage': withVersion(encode(new Tagged(SERIES, ['A', '1m', segment.slice(1)]))),
};

it.each(Object.entries(HOSTILE))('takes %s for damage', (_, bytes) => {
  expect(outcome(bytes)).toBe('corrupt');
});

it('takes such a segment in its place', () => {
  expect(outcome(withVersion(encode(new Tagged(SERIES, ['A', '1m', segment]))))).toBe('value');
});

/** A list of parts, each around the one before. */
function nestedParts(levels: number): Tagged[] {
  return Array.from({ length: levels - 1 }, (_, i) => {
    return new Tagged(SHARED, [i === 0 ? 0 : new Tagged(AGAIN, i - 1)]);
  });
}

it('takes 100 levels of parts for a value', () => {
  expect(outcome(withVersion(encode(nestedParts(100))))).toBe('value');
});

/** The segments of a series, out of its encoding. */
function encodedSegments(): Uint8Array[] {
  const bytes = encodeValue(sampleSeries(50));
  const header = encode(new Tagged(SERIES, ['비트코인', '1m', new Uint8Array(300)]));
  // Version, tag, list, symbol and timeframe, and three bytes that tell the segment's length.
  return [bytes.slice(1 + header.length - 300)];
}
