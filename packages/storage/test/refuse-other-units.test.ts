import { MAX_EPOCH_MS, MIN_EPOCH_MS, type Timeframe } from '@barkeep/core';
import { EVER, refuseOtherUnits } from '@barkeep/storage';
import { describe, expect, it } from 'vitest';
import { checkQuery, checkScan } from '../src/checked-query.ts';
import { faultOf } from './fault-of.ts';

const NOW_MS = Date.UTC(2026, 0, 1, 12);
const NOW_S = NOW_MS / 1_000;

describe('a bound in another unit', () => {
  it.each<[string, number, Timeframe]>([
    ['seconds', NOW_S - 3_600, '1m'],
    ['seconds', 1_700_000_000, '1m'],
    ['seconds', 1_700_000_000, '1s'],
    ['seconds', 1_700_000_000, '15s'],
    ['seconds', 1_700_000_000, '1d'],
    ['seconds', 1_700_000_000, '1M'],
    ['seconds', 1_000_000_001, '1h'],
    ['microseconds', NOW_MS * 1_000, '1m'],
    ['nanoseconds', NOW_MS * 1_000_000, '1m'],
    ['microseconds', Date.UTC(1925, 0) * 1_000, '1m'],
    ['nanoseconds', Date.UTC(1925, 0) * 1_000_000, '1m'],
  ])('%s (%i) is refused for %s, as from and as to, with the rule', (unit, bound, timeframe) => {
    for (const field of ['from', 'to'] as const) {
      const key = { symbol: 'X', timeframe };
      const faults = [
        faultOf(() => refuseOtherUnits({ [field]: bound }, timeframe)),
        faultOf(() => checkQuery({ ...key, [field]: bound })),
        faultOf(() => checkScan({ ...key, [field]: bound })),
      ];
      for (const fault of faults) {
        expect(fault).toMatchObject({ field, rule: expect.stringContaining(unit) });
      }
    }
  });
});

describe('a bound', () => {
  it.each<[string, { from?: number; to?: number }, Timeframe]>([
    ['of the ends of time', { ...EVER }, '1m'],
    ['that is absent', {}, '1m'],
    ['of the beginning of the epoch', { from: 0, to: NOW_MS }, '1s'],
    ['of autumn 1969', { from: -5_000_000_001, to: -1_700_000_000 }, '1m'],
    ['of the first day of the calendar', { from: MIN_EPOCH_MS, to: MIN_EPOCH_MS + 1 }, '1m'],
    ['before 1970', { from: -2_000_000_000_000, to: -5_000_000_000 }, '1d'],
    ['of the first weeks of 1970', { from: 0, to: 999_999_999 }, '1m'],
    ['where a period of early 1970 starts', { from: 0, to: Date.UTC(1970, 1) }, '1M'],
    ['where a minute of early 1970 starts', { from: 16_667 * 60_000 }, '1m'],
    ['of the last day of the calendar', { to: MAX_EPOCH_MS + 1 }, '1m'],
    ['of the last date there is', { to: 8.64e15 }, '1m'],
    ['in milliseconds', { from: NOW_MS - 1, to: NOW_MS + 1 }, '1m'],
  ])('%s is taken', (_, bounds, timeframe) => {
    expect(() => refuseOtherUnits(bounds, timeframe)).not.toThrow();
    expect(checkQuery({ symbol: 'X', timeframe, ...bounds })).toMatchObject(bounds);
  });
});
