import type { Interval, SeriesKey } from '@barkeep/core';
import { type CandleQuery, type CandleScan, EVER, type SeriesFilter } from '@barkeep/storage';
import { describe, expect, it } from 'vitest';
import {
  checkFilter,
  checkKey,
  checkOptionalRange,
  checkQuery,
  checkScan,
} from '../src/checked-query.ts';
import { faultOf } from './fault-of.ts';

const key: SeriesKey = { symbol: 'KRW-BTC', timeframe: '1m' };

describe('a query', () => {
  it('gets its defaults', () => {
    const ever = { key, ...EVER, limit: Number.POSITIVE_INFINITY };
    expect(checkQuery(key)).toEqual({ ...ever, take: 'last' });
    expect(checkQuery({ ...key, from: 5 })).toEqual({ ...ever, from: 5, take: 'first' });
    expect(checkQuery({ ...key, to: 5, limit: 3 })).toEqual({
      ...ever,
      to: 5,
      limit: 3,
      take: 'last',
    });
    expect(checkQuery({ ...key, from: 1, to: 2, limit: 0, take: 'last' })).toEqual({
      key,
      from: 1,
      to: 2,
      limit: 0,
      take: 'last',
    });
  });

  it('takes an option that is undefined for absent', () => {
    const absent = { from: undefined, to: undefined, limit: undefined, take: undefined };
    expect(checkQuery({ ...key, ...absent })).toEqual(checkQuery(key));
  });

  it('may ask for an empty stretch, also before 1970', () => {
    expect(checkQuery({ ...key, from: -5, to: -5 })).toMatchObject({ from: -5, to: -5 });
  });

  it.each<[object, string]>([
    [{ limit: -1 }, 'limit'],
    [{ limit: 1.5 }, 'limit'],
    [{ limit: Number.NaN }, 'limit'],
    [{ limit: Number.POSITIVE_INFINITY }, 'limit'],
    [{ limit: '5' }, 'limit'],
    [{ limit: null }, 'limit'],
    [{ from: 2, to: 1 }, 'from'],
    [{ from: 0.5 }, 'from'],
    [{ from: Number.NaN }, 'from'],
    [{ from: '2024-01-01' }, 'from'],
    [{ from: null }, 'from'],
    [{ to: Number.POSITIVE_INFINITY }, 'to'],
    [{ to: 2 ** 53 }, 'to'],
    [{ to: new Date(0) }, 'to'],
    [{ take: 'latest' }, 'take'],
    [{ take: null }, 'take'],
    [{ symbol: '' }, 'symbol'],
    [{ symbol: undefined }, 'symbol'],
    [{ timeframe: '1 minute' }, 'timeframe'],
    [{ timeframe: undefined }, 'timeframe'],
    [{ form: 5 }, 'query'],
    [{ chunkSize: 5 }, 'query'],
    [{ Limit: 5 }, 'query'],
  ])('with %o is refused', (change, field) => {
    expect(faultOf(() => checkQuery({ ...key, ...change } as CandleQuery))).toMatchObject({
      field,
    });
  });

  it.each([null, undefined, 'KRW-BTC', 5])('is no %s', (query) => {
    expect(faultOf(() => checkQuery(query as never))).toMatchObject({ field: 'query' });
  });

  it('leaves no way from the caller into what an adapter receives', () => {
    const query = { ...key, limit: 5 };
    const checked = checkQuery(query);
    query.symbol = 'other';
    expect(checked.key).toEqual(key);
    expect(Object.keys(checkKey({ ...key, more: 1 } as SeriesKey))).toEqual([
      'symbol',
      'timeframe',
    ]);
  });
});

describe('a scan', () => {
  it('goes forward through all of time in chunks of 16,384, by default', () => {
    expect(checkScan(key)).toEqual({ key, ...EVER, limit: 16_384, take: 'first' });
    expect(checkScan({ ...key, from: 1, to: 9, chunkSize: 2 })).toMatchObject({
      from: 1,
      to: 9,
      limit: 2,
    });
  });

  it.each<[object, string]>([
    [{ chunkSize: 0 }, 'chunkSize'],
    [{ chunkSize: -1 }, 'chunkSize'],
    [{ chunkSize: 1.5 }, 'chunkSize'],
    [{ chunkSize: Number.NaN }, 'chunkSize'],
    [{ chunkSize: '5' }, 'chunkSize'],
    [{ limit: 5 }, 'query'],
    [{ from: 2, to: 1 }, 'from'],
  ])('with %o is refused', (change, field) => {
    expect(faultOf(() => checkScan({ ...key, ...change } as CandleScan))).toMatchObject({ field });
  });
});

describe('a filter', () => {
  it('may name a symbol, a timeframe, both or neither', () => {
    for (const filter of [{}, key, { symbol: 'a%' }, { timeframe: '1M' as const }]) {
      expect(checkFilter(filter)).toEqual(filter);
    }
  });

  it.each<[unknown, string]>([
    [{ symbols: ['a'] }, 'filter'],
    [{ symbol: '' }, 'symbol'],
    [{ timeframe: 'day' }, 'timeframe'],
    [null, 'filter'],
    ['KRW-BTC', 'filter'],
  ])('is refused as %o', (filter, field) => {
    expect(faultOf(() => checkFilter(filter as SeriesFilter))).toMatchObject({ field });
  });
});

describe('a range', () => {
  it('is all of time when there is none', () => {
    expect(checkOptionalRange(undefined, '1m')).toBe(EVER);
    expect(Object.isFrozen(EVER)).toBe(true);
  });

  it.each<[unknown, string]>([
    [null, 'range'],
    [5, 'range'],
    [{ from: 1 }, 'to'],
    [{ from: 2, to: 1 }, 'from'],
    [{ from: 1, to: 1.5 }, 'to'],
  ])('is refused as %o', (range, field) => {
    expect(faultOf(() => checkOptionalRange(range as Interval, '1m'))).toMatchObject({ field });
  });
});
