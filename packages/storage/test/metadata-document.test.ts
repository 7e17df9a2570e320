import { BarkeepError, type JsonValue } from '@barkeep/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDocument, stringifyDocument, validateDocumentKey } from '../src/metadata-document.ts';
import { faultOf } from './fault-of.ts';

describe('a metadata document', () => {
  it('comes back as it went in', () => {
    // Through JSON once, which has no -0.
    const json = fc
      .jsonValue({ maxDepth: 6, stringUnit: 'grapheme' })
      .map((value): JsonValue => JSON.parse(JSON.stringify(value)));
    fc.assert(
      fc.property(json, (value) => {
        expect(parseDocument('k', stringifyDocument(value))).toEqual(value);
      }),
    );
  });

  it('comes back unchanged whenever it is taken', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
      withBoxedValues: true,
      withUnicodeString: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        let text: string;
        try {
          text = stringifyDocument(value as JsonValue);
        } catch (error) {
          expect(BarkeepError.is(error, 'INVALID_INPUT')).toBe(true);
          return;
        }
        expect(parseDocument('k', text)).toEqual(value);
      }),
      { numRuns: 2_000 },
    );
  });

  it('may have keys named after parts of an object', () => {
    const value: JsonValue = JSON.parse(
      '{"__proto__":{"polluted":true},"constructor":1,"toJSON":2}',
    );
    const back = parseDocument('k', stringifyDocument(value));
    expect(Object.entries(back ?? {})).toEqual(Object.entries(value ?? {}));
    expect(Object.hasOwn({}, 'polluted') || 'polluted' in {}).toBe(false);
  });

  const cyclic: { inner: { back?: unknown } } = { inner: {} };
  cyclic.inner.back = cyclic;

  it.each<[string, unknown, string, RegExp]>([
    ['undefined', undefined, 'value', /plain JSON/],
    ['a part that is undefined', { a: { b: undefined } }, 'value.a.b', /plain JSON/],
    ['NaN', [1, Number.NaN], 'value[1]', /finite/],
    ['Infinity', { a: Number.POSITIVE_INFINITY }, 'value.a', /finite/],
    ['-0', { a: -0 }, 'value.a', /-0/],
    ['a bigint', 5n, 'value', /plain JSON/],
    ['a function', { f: () => 1 }, 'value.f', /plain JSON/],
    ['a symbol', Symbol('s'), 'value', /plain JSON/],
    ['a date', { at: new Date(0) }, 'value.at', /plain JSON/],
    ['a map', new Map(), 'value', /plain JSON/],
    ['a typed array', new Float64Array(1), 'value', /plain JSON/],
    ['an instance', new (class Point {})(), 'value', /plain JSON/],
    ['a hole in an array', new Array(2), 'value[0]', /plain JSON/],
    ['a lone surrogate', ['\ud83d'], 'value[0]', /surrogate/],
    ['a lone surrogate in a key', { a: { '\ud83d': 1 } }, 'value.a', /surrogate in a key/],
    ['itself', cyclic, 'value.inner.back', /contain itself/],
  ])('may not be or hold %s', (_, value, field, rule) => {
    expect(faultOf(() => stringifyDocument(value as JsonValue))).toMatchObject({
      field,
      rule: expect.stringMatching(rule),
    });
  });

  it('may hold one part twice', () => {
    const part = { a: 1 };
    expect(stringifyDocument([part, part])).toBe('[{"a":1},{"a":1}]');
  });

  it('is nested at most a hundred deep, and ends with a fault, not an overflow, at any depth', () => {
    expect(parseDocument('k', stringifyDocument(nested(100)))).toEqual(nested(100));
    for (const depth of [101, 100_000]) {
      expect(faultOf(() => stringifyDocument(nested(depth)))).toMatchObject({
        rule: 'must not be nested more than 100 deep',
      });
    }
  });

  it('has at most 1,048,576 characters of text, quotes included', () => {
    expect(stringifyDocument('x'.repeat(1_048_574)).length).toBe(1_048_576);
    expect(faultOf(() => stringifyDocument('x'.repeat(1_048_575)))).toMatchObject({
      field: 'value',
      value: 1_048_577,
    });
  });

  it('that cannot be read is CORRUPT, and named', () => {
    expect(() => parseDocument('quality', '{"a":')).toThrow(
      expect.objectContaining({ code: 'CORRUPT', details: { key: 'quality' } }),
    );
  });

  it.each(['quality', '비트코인', '%_*', 'x'.repeat(512), ' '])('may have the key %j', (key) => {
    expect(() => validateDocumentKey(key)).not.toThrow();
  });

  it.each(['', 'x'.repeat(513), 'a\0b', '\ud83d', 5, null, undefined])(
    'may not have the key %j',
    (key) => {
      expect(faultOf(() => validateDocumentKey(key))).toMatchObject({ field: 'key' });
    },
  );
});

function nested(depth: number): JsonValue {
  let value: JsonValue = [];
  for (let i = 1; i < depth; i += 1) value = [value];
  return value;
}
