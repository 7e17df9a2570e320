import {
  BarkeepError,
  faultInBatch,
  invalidInput,
  onlyKnownKeys,
  optionalLimit,
} from '@barkeep/core';
import { describe, expect, it } from 'vitest';
import { faultOf } from './thrown.ts';

describe('BarkeepError', () => {
  it('carries code, message, cause, and details that nobody can change', () => {
    const cause = new Error('disk');
    const given = { path: '/data' };
    const error = new BarkeepError('IO', 'cannot write', {
      retryable: true,
      details: given,
      cause,
    });
    given.path = '/other';
    expect(error).toMatchObject({
      name: 'BarkeepError',
      code: 'IO',
      message: 'cannot write',
      retryable: true,
      cause,
      details: { path: '/data' },
    });
    expect(Object.isFrozen(error.details)).toBe(true);
    expect(String(error)).toBe('BarkeepError: cannot write');
  });

  it('is not retryable and has neither cause nor details by default', () => {
    const error = new BarkeepError('INTERNAL', 'a bug');
    expect([error.retryable, error.details]).toEqual([false, {}]);
    expect('cause' in error).toBe(false);
  });

  it('is retryable as its code says, unless it says otherwise', () => {
    const codes = ['BUSY', 'DISK_FULL', 'IO', 'UNAVAILABLE', 'TIMEOUT', 'OVERLOADED'] as const;
    for (const code of codes) {
      expect(new BarkeepError(code, code).retryable).toBe(true);
      expect(new BarkeepError(code, code, { retryable: false }).retryable).toBe(false);
    }
    expect(new BarkeepError('SOURCE_FAILED', 'x').retryable).toBe(false);
    expect(new BarkeepError('SOURCE_FAILED', 'x', { retryable: true }).retryable).toBe(true);
  });

  it('has the name that aborts have elsewhere, and no abort of others is one', () => {
    const aborted = new BarkeepError('ABORTED', 'given up');
    expect(aborted.name).toBe('AbortError');
    expect(BarkeepError.is(aborted, 'ABORTED')).toBe(true);
    expect(BarkeepError.is(new DOMException('given up', 'AbortError'))).toBe(false);
  });

  it('is told from other errors, also when another copy of the package made it', () => {
    class OtherCopy extends Error {
      override readonly name = 'BarkeepError';
      readonly code = 'BUSY';
    }
    const own = new BarkeepError('BUSY', 'locked');
    for (const error of [own, new OtherCopy('locked')]) {
      expect(BarkeepError.is(error)).toBe(true);
      expect(BarkeepError.is(error, 'BUSY')).toBe(true);
      expect(BarkeepError.is(error, 'IO')).toBe(false);
    }
    const node = Object.assign(new Error('locked'), { code: 'BUSY' });
    for (const other of [node, { name: 'BarkeepError', code: 'BUSY' }, null, undefined, 'BUSY']) {
      expect(BarkeepError.is(other)).toBe(false);
    }
  });
});

describe('invalidInput', () => {
  it.each([
    [{ field: 'limit', rule: 'must be whole', value: 1.5 }, 'limit must be whole; got 1.5'],
    [
      { field: 'open', rule: 'must not be -0', value: -0, index: 7 },
      '[7].open must not be -0; got -0',
    ],
    [
      { field: 'high', rule: 'must be a number', value: '5', index: 2, batch: 1 },
      'batch 1: [2].high must be a number; got "5"',
    ],
    [{ field: 'close', rule: 'is no number', line: 12 }, 'line 12: close is no number'],
    [
      { field: 'key', rule: 'must be an object', value: undefined },
      'key must be an object; got undefined',
    ],
    [{ field: 'id', rule: 'must be text', value: 5n }, 'id must be text; got 5n'],
    [{ field: 'x', rule: 'is wrong', value: [1, 2] }, 'x is wrong; got an array of 2'],
    [{ field: 'x', rule: 'is wrong', value: {} }, 'x is wrong; got an object'],
    [{ field: 'x', rule: 'is wrong', value: () => 1 }, 'x is wrong; got a function'],
    [{ field: 'x', rule: 'is wrong', value: Symbol('s') }, 'x is wrong; got Symbol(s)'],
  ])('of %o reads "%s"', (details, message) => {
    expect(invalidInput(details).message).toBe(message);
  });

  it('shows no more than the beginning of a long text', () => {
    const error = invalidInput({ field: 'symbol', rule: 'is long', value: 'x'.repeat(10_000) });
    expect(error.message.length).toBeLessThan(120);
  });

  it.each([() => 1, Symbol('s'), { nested: { f: () => 1 } }, [Symbol('s')], 5n, 'text', null, -0])(
    'has details that can be cloned, whatever the value: %s',
    (value) => {
      const { details } = invalidInput({ field: 'x', rule: 'is wrong', value, index: 1 });
      expect(structuredClone(details)).toEqual(details);
    },
  );

  it('keeps a primitive value as it was', () => {
    expect(invalidInput({ field: 'x', rule: 'r', value: -0 }).details).toHaveProperty('value', -0);
    expect(invalidInput({ field: 'x', rule: 'r', value: null }).details).toHaveProperty(
      'value',
      null,
    );
    expect(invalidInput({ field: 'x', rule: 'r' }).details).not.toHaveProperty('value');
  });
});

describe('faultInBatch', () => {
  it('adds the position to a fault of an input, once', () => {
    const fault = faultInBatch(invalidInput({ field: 'symbol', rule: 'must not be empty' }), 3);
    expect(fault).toMatchObject({
      code: 'INVALID_INPUT',
      message: 'batch 3: symbol must not be empty',
      details: { field: 'symbol', batch: 3 },
    });
    expect(faultInBatch(fault, 5)).toBe(fault);
  });

  it('leaves other errors as they are', () => {
    const aborted = new BarkeepError('ABORTED', 'given up');
    expect(faultInBatch(aborted, 1)).toBe(aborted);
    expect(faultInBatch('text', 1)).toBe('text');
  });
});

describe('rules for options', () => {
  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, -0, '5', null, 2 ** 53])(
    'refuse a limit of %s',
    (limit) => expect(faultOf(() => optionalLimit(limit))).toMatchObject({ field: 'limit' }),
  );

  it.each([undefined, 0, 1, Number.MAX_SAFE_INTEGER])('allow a limit of %s', (limit) => {
    expect(() => optionalLimit(limit)).not.toThrow();
  });

  it('refuse an option that nobody knows, and say which ones there are', () => {
    const fault = faultOf(() => onlyKnownKeys({ form: 1 }, ['from', 'to'], 'query'));
    expect(fault).toMatchObject({
      field: 'query',
      value: 'form',
      rule: expect.stringContaining('known: from, to'),
    });
    expect(() => onlyKnownKeys({ from: undefined }, ['from', 'to'], 'query')).not.toThrow();
  });
});
