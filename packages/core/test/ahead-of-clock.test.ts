import { aheadOfClockFault } from '@barkeep/core';
import { describe, expect, it } from 'vitest';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 30);

describe('aheadOfClockFault', () => {
  it('allows what is not further ahead than the bound', () => {
    expect(aheadOfClockFault(NOW + 600_000, { now: NOW, maxAheadMs: 600_000 })).toBeUndefined();
    expect(aheadOfClockFault(NOW + 600_001, { now: NOW, maxAheadMs: 600_000 })).toBe(
      `must be at most 600000 ms ahead of the clock, which is at ${NOW}`,
    );
    expect(aheadOfClockFault(0, { now: NOW, maxAheadMs: 0 })).toBeUndefined();
  });

  it('allows candles one period more', () => {
    const day = Date.UTC(2026, 0, 2);
    expect(aheadOfClockFault(day, { now: NOW, maxAheadMs: 600_000 }, '1d')).toBeUndefined();
    expect(aheadOfClockFault(day + 86_400_000, { now: NOW, maxAheadMs: 600_000 }, '1d')).toMatch(
      'a period of 1d',
    );
    const latest = Date.UTC(2026, 0, 1, 12, 11);
    expect(aheadOfClockFault(latest, { now: NOW, maxAheadMs: 600_000 }, '1m')).toBeUndefined();
    expect(aheadOfClockFault(latest + 60_000, { now: NOW, maxAheadMs: 600_000 }, '1m')).toMatch(
      '600000 ms',
    );
  });
});
