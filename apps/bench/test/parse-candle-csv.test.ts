import { describe, expect, it } from 'vitest';
import { parseCandleCsv } from '../src/data/parse-candle-csv.ts';

const HEADER = 'timestamp,open,high,low,close,volume';
const AT = Date.UTC(2024, 0, 1, 9, 30);

describe('parseCandleCsv', () => {
  it.each([
    ['epoch seconds', String(AT / 1_000)],
    ['epoch milliseconds', String(AT)],
    ['epoch microseconds', String(AT * 1_000)],
    ['an ISO date with a zone', '2024-01-01T18:30:00+09:00'],
    ['an ISO date in UTC', '2024-01-01T09:30:00Z'],
    ['an ISO date without a zone', '2024-01-01T09:30:00'],
    ['a date and time with a space', '2024-01-01 09:30:00'],
  ])('reads %s', (_, time) => {
    expect(parseCandleCsv(`${HEADER}\n${time},1,3,0.5,2,7\n`, 'X').toArray()).toEqual([
      { timestamp: AT, open: 1, high: 3, low: 0.5, close: 2, volume: 7 },
    ]);
  });

  it('takes columns in any order, and line ends and a byte order mark of other systems', () => {
    const text = '\uFEFFVolume,close,low,high,open,timestamp,trades\r\n7,2,0.5,3,1,60,99\r\n';
    expect(parseCandleCsv(text, 'X').at(0)).toEqual({
      timestamp: 60_000,
      open: 1,
      high: 3,
      low: 0.5,
      close: 2,
      volume: 7,
    });
  });

  it.each([
    ['1s', [1, 60]],
    ['1m', [60, 180]],
    ['15m', [900, 2_700]],
    ['1d', [86_400, 3 * 86_400]],
  ])('finds the timeframe %s', (timeframe, seconds) => {
    const rows = seconds.map((second) => `${second},1,1,1,1,1`);
    expect(parseCandleCsv([HEADER, ...rows].join('\n'), 'X').timeframe).toBe(timeframe);
  });

  it.each([
    ['a missing column', 'timestamp,open\n', { line: 1, field: 'header' }],
    ['a number that is none', `${HEADER}\n60,1,1,1,1,1\n120,1,x,1,1,1`, { line: 3, field: 'high' }],
    ['a missing cell', `${HEADER}\n60,1,1,1,1`, { line: 2, field: 'volume' }],
    ['an empty cell', `${HEADER}\n60,,1,1,1,1`, { line: 2, field: 'open' }],
    ['a time that is none', `${HEADER}\nnoon,1,1,1,1,1`, { line: 2, field: 'timestamp' }],
    ['a high below the low', `${HEADER}\n60,1,1,2,1,1`, { index: 0 }],
  ])('refuses %s', (_, text, details) => {
    expect(() => parseCandleCsv(text, 'X')).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', details: expect.objectContaining(details) }),
    );
  });
});
