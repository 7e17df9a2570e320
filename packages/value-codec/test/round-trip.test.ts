import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { CacheValue } from '@barkeep/cache';
import { CandleSeries } from '@barkeep/core';
import { decodeValue, encodeValue } from '@barkeep/value-codec';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { arbitraryValue, sampleSeries } from './arbitrary-value.ts';
import { plain } from './plain.ts';

function roundTrip(value: CacheValue): CacheValue {
  return decodeValue(encodeValue(value));
}

it('gives every value back as it was', () => {
  fc.assert(
    fc.property(arbitraryValue, (value) => {
      expect(plain(roundTrip(value))).toStrictEqual(plain(value));
    }),
    { numRuns: 2_000 },
  );
});

it('reads bytes that begin anywhere in their memory, and keeps none of it', () => {
  fc.assert(
    fc.property(arbitraryValue, fc.nat(17), (value, start) => {
      const encoded = encodeValue(value);
      const memory = Buffer.alloc(start + encoded.length + 5, 0xff);
      memory.set(encoded, start);
      const decoded = decodeValue(memory.subarray(start, start + encoded.length));
      memory.fill(0);
      expect(plain(decoded)).toStrictEqual(plain(value));
    }),
  );
});

it('keeps ten thousand candles, compressed', () => {
  const series = sampleSeries(10_000);
  const encoded = encodeValue(series);
  expect(encoded.length).toBeLessThan(10_000 * 8);
  const decoded = decodeValue(encoded);
  expect(decoded instanceof CandleSeries && decoded.equals(series)).toBe(true);
});

it('keeps a hundred levels', () => {
  let value: CacheValue = -0;
  for (let i = 0; i < 100; i += 1) value = i % 2 === 0 ? [value] : { inside: value };
  expect(plain(roundTrip(value))).toStrictEqual(plain(value));
});

it('keeps a property named __proto__ and no prototype', () => {
  const value = JSON.parse('{"__proto__":{"polluted":1},"a":{"__proto__":null}}') as CacheValue;
  const decoded = roundTrip(value);
  expect(Object.entries(decoded as object)).toEqual(Object.entries(value as object));
  expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

it('writes a shared part once, however often it stands', () => {
  let value: CacheValue = new Uint8Array(1_000);
  for (let i = 0; i < 60; i += 1) value = [value, value];
  const encoded = encodeValue(value);
  expect(encoded.length).toBeLessThan(2_500);
  let inside = decodeValue(encoded);
  for (let i = 0; i < 60; i += 1) {
    const pair = inside as readonly CacheValue[];
    expect(pair).toHaveLength(2);
    expect(pair[0]).toBe(pair[1]);
    inside = pair[0] as CacheValue;
  }
  expect(inside).toEqual(new Uint8Array(1_000));
});

it('does not change the value it encodes', () => {
  const part = Object.freeze({ a: Object.freeze([1]) });
  const value = Object.freeze([part, part]);
  expect(plain(roundTrip(value))).toStrictEqual(plain(value));
});

it('needs nothing that only Node has', () => {
  const child = join(import.meta.dirname, 'children', 'without-node.ts');
  const output = execFileSync(process.execPath, [...process.execArgv, child], { encoding: 'utf8' });
  expect(output).toBe('undefined\n');
});
