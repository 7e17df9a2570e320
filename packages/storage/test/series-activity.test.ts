import { expect, it } from 'vitest';
import { ActivityLog } from '../src/activity-log.ts';

const HOUR = 3_600_000;
const key = (symbol: string) => ({ symbol, timeframe: '1m' }) as const;
const write = { inserted: 1, updated: 0, first: 0, last: 0 };

it('tells hot series from cold ones by what was done of late', () => {
  const log = new ActivityLog(0);
  for (let i = 0; i < 100; i += 1) log.read(key('once busy'), 1, i);
  for (let i = 0; i < 5; i += 1) log.write(key('busy now'), write, 10 * HOUR);
  const { series } = log.report(10, 10 * HOUR);
  expect(series.map((one) => one.key.symbol)).toEqual(['busy now', 'once busy']);
  expect(series[0]?.heat).toBe(5);
  expect(series[1]?.heat).toBeCloseTo(100 / 1_024, 3);
});

it('forgets the series that was used longest ago when there are too many', () => {
  const log = new ActivityLog(0);
  for (let i = 0; i <= 10_000; i += 1) log.read(key(`${i}`), 1, i);
  const { series } = log.report(20_000, 10_000);
  expect(series).toHaveLength(10_000);
  expect(series.some((one) => one.key.symbol === '0')).toBe(false);
});

it('is not disturbed by a clock that is set back', () => {
  const log = new ActivityLog(HOUR);
  log.read(key('A'), 1, HOUR);
  log.read(key('A'), 1, 0);
  expect(log.report(1, 0).series[0]?.heat).toBe(2);
});
