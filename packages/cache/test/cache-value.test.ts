import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CacheValue, validateCacheValue } from '../src/index.ts';

describe('validateCacheValue', () => {
  it('takes whatever is made of plain data', () => {
    const leaf = fc.oneof(fc.string(), fc.double(), fc.bigInt(), fc.boolean(), fc.constant(null));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 6 }, leaf, fc.array(tie('value')), fc.object({ values: [leaf] })),
    }));
    fc.assert(
      fc.property(value, (data) => {
        validateCacheValue(data);
      }),
    );
  });

  it('names the part that cannot be cached', () => {
    const value = { levels: [{ size: 1 }, { size: undefined }] };
    expect(fieldOf(value)).toBe('value.levels.1.size');
    expect(fieldOf(new Date(0))).toBe('value');
  });

  it('refuses circles and takes shared parts', () => {
    const part = { a: 1 };
    expect(() => validateCacheValue([part, part, { part }])).not.toThrow();
    const inner: unknown[] = [part];
    const circle = { part, inner };
    inner.push(circle);
    expect(fieldOf(circle)).toBe('value.inner.1');
  });

  it('looks at each shared part once', () => {
    let value: CacheValue = 'bottom';
    for (let i = 0; i < 90; i += 1) value = [value, value];
    expect(() => validateCacheValue(value)).not.toThrow();
  });

  it('refuses nesting beyond a hundred levels', () => {
    let value: CacheValue = 1;
    for (let i = 0; i < 100; i += 1) value = [value];
    expect(() => validateCacheValue(value)).not.toThrow();
    expect(() => validateCacheValue([value])).toThrow(/nest at most 100/);
  });

  it('counts the levels of a shared part wherever it stands', () => {
    const parts: CacheValue[] = [[1]];
    for (let i = 1; i < 99; i += 1) parts.push([parts[i - 1] ?? null]);
    expect(() => validateCacheValue(parts)).not.toThrow();
    parts.push([parts[98] ?? null]);
    expect(fieldOf(parts)).toBe('value.99.0');
  });
});

function fieldOf(value: unknown): unknown {
  try {
    validateCacheValue(value);
  } catch (error) {
    return Reflect.get(Object(Reflect.get(Object(error), 'details')), 'field');
  }
  return undefined;
}
